// The parts of ValidateExperimentConfig and CheckTraining (config.h).
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Checks every field of `message` by reflection: options min and max, numbers finite, enums chosen, paths not empty,
// CheckWays. Sub-messages that are not set count as their defaults; members of a oneof that are not chosen do not
// count. `prefix` leads the names.
absl::Status CheckRanges(const google::protobuf::Message& message, absl::string_view prefix);

// Of several ways to give one thing (way_to_give in config.proto), which two roles might read differently, at most one
// may be taken. Looks at the fields of `message` itself.
absl::Status CheckWays(const google::protobuf::Message& message, absl::string_view prefix);

// Checks what ties fields together. Call it after CheckRanges.
absl::Status CheckRules(const v1::ExperimentConfig& config);

// The part of CheckRules on replay, and what a run that trains needs besides: rows of the environment's transitions
// have `row_bytes`.
absl::Status CheckReplay(const v1::ExperimentConfig& config);
absl::Status CheckReplayOfTransitions(const v1::ExperimentConfig& config, int64_t row_bytes);

// Bytes of a row of a table that lists its columns. INVALID_ARGUMENT: they make no row.
absl::StatusOr<int64_t> RowBytesOf(const v1::TableConfig& table);

}  // namespace recbots
