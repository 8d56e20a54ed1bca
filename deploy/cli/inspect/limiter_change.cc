#include "deploy/cli/inspect/limiter_change.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status SetOne(absl::string_view name, absl::string_view value, v1::SetRateLimiterRequest& request) {
  int64_t count = 0;
  double number = 0;
  if (name == "min_size") {
    if (!absl::SimpleAtoi(value, &count)) {
      return absl::InvalidArgumentError(absl::StrCat("min_size '", value, "', want a number of rows"));
    }
    request.set_min_size(count);
    return absl::OkStatus();
  }
  if (name != "samples_per_insert" && name != "error_buffer") {
    return absl::InvalidArgumentError(absl::StrCat(
        "'", name, "', want min_size=N, samples_per_insert=X or error_buffer=X, with commas between them"));
  }
  if (!absl::SimpleAtod(value, &number) || !std::isfinite(number)) {
    return absl::InvalidArgumentError(absl::StrCat(name, " '", value, "', want a finite number"));
  }
  if (name == "error_buffer") {
    request.set_error_buffer(number);
  } else {
    request.set_samples_per_insert(number);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::TableInfo> FindTable(const v1::InfoResponse& info, const std::string& name) {
  for (const v1::TableInfo& table : info.tables()) {
    if (name.empty() || table.name() == name) return table;
  }
  const auto append_name = [](std::string* out, const v1::TableInfo& table) { absl::StrAppend(out, table.name()); };
  return absl::NotFoundError(
      absl::StrCat("no table '", name, "', there are: ", absl::StrJoin(info.tables(), ", ", append_name)));
}

absl::StatusOr<v1::SetRateLimiterRequest> ParseLimiterChange(const std::string& text, const v1::TableInfo& table) {
  v1::SetRateLimiterRequest request;
  request.set_table(table.name());
  request.set_min_size(table.min_size());
  request.set_samples_per_insert(table.samples_per_insert());
  const double width = table.max_diff() - table.min_diff();
  if (table.samples_per_insert() > 0 && std::isfinite(width)) request.set_error_buffer(std::max(0.0, width / 2));
  std::set<absl::string_view> seen;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    const std::pair<absl::string_view, absl::string_view> setting = absl::StrSplit(part, absl::MaxSplits('=', 1));
    RECBOTS_RETURN_IF_ERROR(SetOne(setting.first, setting.second, request));
    if (!seen.insert(setting.first).second) {
      return absl::InvalidArgumentError(absl::StrCat(setting.first, " is given twice"));
    }
  }
  return request;
}

}  // namespace recbots
