// "min_size=1000,samples_per_insert=8" as a change of a running limiter.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/replay.pb.h"

namespace recbots {

// The table of that name; empty: the first. NOT_FOUND: none; the message lists those there are.
absl::StatusOr<v1::TableInfo> FindTable(const v1::InfoResponse& info, const std::string& name);

// What is not named stays as `table` has it now. Ranges are for the server to check.
//   INVALID_ARGUMENT  an unknown name, no number, one given twice, none given
absl::StatusOr<v1::SetRateLimiterRequest> ParseLimiterChange(const std::string& text, const v1::TableInfo& table);

}  // namespace recbots
