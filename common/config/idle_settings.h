// Settings that have no effect because of another one.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Whether the field that an override wrote to ("path.to.field", which has been applied) counts in the configuration
// that came out of it. In a file such a setting may wait for another one to be changed; one that is given by hand is
// meant to do something.
//   INVALID_ARGUMENT  names the field, the setting that keeps it idle, and with which value it counts
absl::Status CheckCounts(absl::string_view path, const v1::ExperimentConfig& config);

}  // namespace recbots
