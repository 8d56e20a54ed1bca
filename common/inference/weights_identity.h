// What weights were trained for, as weights.h keeps it in an encoding.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// Adds what the tensors were trained for to `encoded`, a result of EncodeTensors.
std::string WithIdentity(absl::string_view encoded, const v1::ExperimentIdentity& identity);

// What the tensors were trained for; an identity without fields if the encoding does not tell (version 1).
//   INVALID_ARGUMENT  as DecodeTensors, or no valid identity (CheckIdentity); the message says which
absl::StatusOr<v1::ExperimentIdentity> DecodeIdentity(absl::string_view encoded);

}  // namespace recbots
