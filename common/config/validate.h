// The parts of ValidateExperimentConfig and CheckTraining (config.h).
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Checks every field of `message` by reflection: the options min and max hold, numbers are finite, enums are chosen,
// paths are not empty, and CheckWays is OK. Sub-messages that are not set count as their defaults; members of a oneof
// that are not chosen are not checked. `prefix` leads the names in messages.
absl::Status CheckRanges(const google::protobuf::Message& message, absl::string_view prefix);

// If several fields can give one value (way_to_give in config.proto), at most one of them may be set: two roles might
// read them differently. Looks only at the fields of `message` itself.
absl::Status CheckWays(const google::protobuf::Message& message, absl::string_view prefix);

// Checks the rules that tie fields together. Call it after CheckRanges.
absl::Status CheckRules(const v1::ExperimentConfig& config);

// CheckReplay is the part of CheckRules on replay. CheckReplayOfTransitions checks what a run that trains needs in
// addition, for transitions of `row_bytes` bytes.
absl::Status CheckReplay(const v1::ExperimentConfig& config);
absl::Status CheckReplayOfTransitions(const v1::ExperimentConfig& config, int64_t row_bytes);

// Bytes of a row of a table that lists its columns. INVALID_ARGUMENT: the columns make no valid row.
absl::StatusOr<int64_t> RowBytesOf(const v1::TableConfig& table);

}  // namespace recbots
