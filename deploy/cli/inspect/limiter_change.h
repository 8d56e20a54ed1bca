// Parses "min_size=1000,samples_per_insert=8" as a change of a running limiter.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/replay.pb.h"

namespace recbots {

// The table of that name; the first table if `name` is empty. NOT_FOUND: there is none; the message lists the tables.
absl::StatusOr<v1::TableInfo> FindTable(const v1::InfoResponse& info, const std::string& name);

// Settings that `text` does not name keep the present values of `table`. The server checks ranges.
//   INVALID_ARGUMENT  a name is unknown, a value is no number, a setting is given twice, or none is given
absl::StatusOr<v1::SetRateLimiterRequest> ParseLimiterChange(const std::string& text, const v1::TableInfo& table);

}  // namespace recbots
