#include "common/log/row_decoder.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/log/parse_value.h"

namespace recbots {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kHuge = 1e300;
constexpr double kLargestStep = 1e15;
constexpr double kLargestPosition = 1e6;
constexpr double kRounding = 1e-6;  // Probabilities of others are float32, or sums.

// Names as people say them: at most 12 of the log's columns.
std::string Some(const std::vector<std::string>& names) {
  const size_t count = std::min<size_t>(names.size(), 12);
  const std::string list = absl::StrJoin(names.begin(), names.begin() + static_cast<ptrdiff_t>(count), ", ");
  return names.size() > count ? absl::StrCat(list, " and ", names.size() - count, " more") : list;
}

}  // namespace

RowDecoder::RowDecoder(const RowReader& rows, const LogOptions& options) : rows_(rows), options_(options) {
  for (size_t i = 0; i < kNumLogColumns; ++i) theirs_[i] = LogColumnName(static_cast<LogColumn>(i));
  for (const auto& [ours, theirs] : options.columns) {
    for (size_t i = 0; i < kNumLogColumns; ++i) {
      if (ours == LogColumnName(static_cast<LogColumn>(i))) theirs_[i] = theirs;
    }
  }
  Resolve();
}

size_t RowDecoder::Find(absl::string_view name) const {
  for (auto it = options_.columns.rbegin(); it != options_.columns.rend(); ++it) {
    if (it->first == name) name = it->second;
  }
  const std::vector<std::string>& names = rows_.names();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return i;
  }
  return kNone;
}

void RowDecoder::Resolve() {
  if (resolved_ == rows_.names().size() && resolved_ > 0) return;
  resolved_ = rows_.names().size();
  for (size_t i = 0; i < kNumLogColumns; ++i) columns_[i] = Find(theirs_[i]);
  stream_column_ = Find("stream");
  reward_columns_.clear();
  for (const RewardTerm& term : options_.reward) {
    size_t column = Find(term.column);
    if (column == kNone) column = Find(absl::StrCat("response.", term.column));
    reward_columns_.push_back(column);
  }
}

absl::Status RowDecoder::CheckMapping() const {
  for (const auto& [ours, theirs] : options_.columns) {
    if (Find(ours) == kNone) {
      return absl::InvalidArgumentError(absl::StrCat(rows_.name(), ": there is no column '", theirs, "' (for ", ours,
                                                     "); the log has ", Some(rows_.names())));
    }
  }
  for (size_t i = 0; i < options_.reward.size(); ++i) {
    if (reward_columns_[i] == kNone) {
      return absl::InvalidArgumentError(absl::StrCat(rows_.name(), ": there is no column '", options_.reward[i].column,
                                                     "' for the reward; the log has ", Some(rows_.names())));
    }
  }
  if (!has(LogColumn::kItem)) {
    return absl::InvalidArgumentError(absl::StrCat(rows_.name(), ": there is no column '", TheirName(LogColumn::kItem),
                                                   "'; the log has ", Some(rows_.names()),
                                                   ". --column=item=NAME says what it is called"));
  }
  return absl::OkStatus();
}

absl::string_view RowDecoder::Element(size_t column, size_t index) const {
  if (column == kNone) return {};
  absl::string_view text = rows_.values()[column];
  if (options_.list_separator == 0 || !absl::StrContains(text, options_.list_separator)) return text;
  for (; index > 0; --index) {
    const size_t stop = text.find(options_.list_separator);
    if (stop == absl::string_view::npos) return {};
    text.remove_prefix(stop + 1);
  }
  text = text.substr(0, text.find(options_.list_separator));
  return text.empty() ? absl::string_view() : text;
}

absl::string_view RowDecoder::Text(LogColumn column, size_t index) const {
  return Element(columns_[static_cast<size_t>(column)], index);
}

absl::StatusOr<size_t> RowDecoder::NumElements() {
  Resolve();
  if (options_.list_separator == 0) return size_t{1};
  size_t count = 1;
  const auto size = [this](absl::string_view text) {
    return static_cast<size_t>(std::count(text.begin(), text.end(), options_.list_separator)) + 1;
  };
  const size_t items = columns_[static_cast<size_t>(LogColumn::kItem)];
  if (items != kNone) count = size(rows_.values()[items]);
  for (const size_t column : columns_) {
    if (column == kNone) continue;
    const size_t other = size(rows_.values()[column]);
    if (other != 1 && other != count) {
      return rows_.Error(absl::StrCat("column '", rows_.names()[column], "' lists ", other, " values, want ", count,
                                      " as there are items"));
    }
  }
  return count;
}

absl::Status RowDecoder::Fault(size_t column, absl::string_view text, absl::string_view want) const {
  return rows_.Error(absl::StrCat("column '", rows_.names()[column], "': '", text.substr(0, 60), "', want ", want));
}

absl::Status RowDecoder::Number(size_t column, size_t index, double low, double high, double& value) const {
  const absl::string_view text = Element(column, index);
  value = kNaN;
  if (text.data() == nullptr) return absl::OkStatus();
  std::optional<double> number = ParseFinite<double>(text);
  if (!number.has_value()) {
    const std::optional<bool> flag = ParseFlag(text);
    if (flag.has_value()) number = *flag ? 1 : 0;
  }
  if (!number.has_value()) return Fault(column, text, "a finite number, or nothing");
  if (*number < low || *number > high) return Fault(column, text, absl::StrCat(low, "..", high));
  value = *number;
  return absl::OkStatus();
}

absl::Status RowDecoder::Number(LogColumn column, size_t index, double low, double high, double& value) const {
  return Number(columns_[static_cast<size_t>(column)], index, low, high, value);
}

absl::Status RowDecoder::Probability(LogColumn column, size_t index, bool may_be_zero, double& value) const {
  const size_t at = columns_[static_cast<size_t>(column)];
  RECBOTS_RETURN_IF_ERROR(Number(at, index, -kHuge, kHuge, value));
  if (value < 0 || value > 1 + kRounding || (value == 0 && !may_be_zero)) {
    return Fault(at, Element(at, index),
                 may_be_zero ? "a probability, 0..1" : "a probability above 0, at most 1: what was shown was possible");
  }
  return absl::OkStatus();
}

absl::Status RowDecoder::Flag(LogColumn column, size_t index, int32_t& value) const {
  const absl::string_view text = Text(column, index);
  value = -1;
  if (text.data() == nullptr) return absl::OkStatus();
  const std::optional<bool> flag = ParseFlag(text);
  if (!flag.has_value()) return Fault(columns_[static_cast<size_t>(column)], text, "0, 1, true or false");
  value = *flag ? 1 : 0;
  return absl::OkStatus();
}

absl::Status RowDecoder::WholeNumbers(size_t index, DecodedRow& row) const {
  const auto read = [&](LogColumn column, double low, double high, int64_t& value) -> absl::Status {
    double number = 0;
    RECBOTS_RETURN_IF_ERROR(Number(column, index, low, high, number));
    if (!std::isnan(number) && number != std::floor(number)) {
      return Fault(columns_[static_cast<size_t>(column)], Text(column, index), "a whole number");
    }
    value = std::isnan(number) ? -1 : static_cast<int64_t>(number);
    return absl::OkStatus();
  };
  RECBOTS_RETURN_IF_ERROR(read(LogColumn::kStep, 0, kLargestStep, row.step));
  int64_t position = 0;
  const int base = options_.position_base;
  if (options_.list_separator != 0 && !has(LogColumn::kPosition)) {
    row.position = static_cast<int32_t>(index);
  } else {
    RECBOTS_RETURN_IF_ERROR(read(LogColumn::kPosition, base, kLargestPosition, position));
    row.position = static_cast<int32_t>(position < 0 ? -1 : position - base);
  }
  double stream = 0;
  RECBOTS_RETURN_IF_ERROR(Number(stream_column_, index, 0, 4294967295.0, stream));
  row.stream = std::isnan(stream) ? 0 : static_cast<uint32_t>(stream);
  return absl::OkStatus();
}

absl::Status RowDecoder::Reward(size_t index, DecodedRow& row) const {
  if (options_.reward.empty()) return Number(LogColumn::kReward, index, -kHuge, kHuge, row.reward);
  row.reward = 0;
  for (size_t i = 0; i < options_.reward.size(); ++i) {
    double value = 0;
    if (reward_columns_[i] == kNone) continue;  // CheckMapping says it at the end.
    RECBOTS_RETURN_IF_ERROR(Number(reward_columns_[i], index, -kHuge, kHuge, value));
    if (!std::isnan(value)) row.reward += options_.reward[i].coefficient * value;
  }
  return absl::OkStatus();
}

absl::Status RowDecoder::Decode(size_t index, DecodedRow& row) {
  Resolve();
  row.session = Text(has(LogColumn::kSession) ? LogColumn::kSession : LogColumn::kEpisode, index);
  row.user = Text(LogColumn::kUser, index);
  row.item = Text(LogColumn::kItem, index);
  row.policy = Text(LogColumn::kPolicy, index);
  RECBOTS_RETURN_IF_ERROR(WholeNumbers(index, row));
  RECBOTS_RETURN_IF_ERROR(Flag(LogColumn::kClicked, index, row.clicked));
  RECBOTS_RETURN_IF_ERROR(Flag(LogColumn::kTerminated, index, row.terminated));
  RECBOTS_RETURN_IF_ERROR(Flag(LogColumn::kTruncated, index, row.truncated));
  RECBOTS_RETURN_IF_ERROR(Probability(LogColumn::kSlatePropensity, index, false, row.slate_propensity));
  RECBOTS_RETURN_IF_ERROR(Probability(LogColumn::kItemPropensity, index, false, row.item_propensity));
  RECBOTS_RETURN_IF_ERROR(Probability(LogColumn::kPrefixPropensity, index, false, row.prefix_propensity));
  RECBOTS_RETURN_IF_ERROR(Probability(LogColumn::kEvaluationSlate, index, true, row.evaluation_slate));
  RECBOTS_RETURN_IF_ERROR(Probability(LogColumn::kEvaluationItem, index, true, row.evaluation_item));
  RECBOTS_RETURN_IF_ERROR(Probability(LogColumn::kEvaluationPrefix, index, true, row.evaluation_prefix));
  RECBOTS_RETURN_IF_ERROR(Number(LogColumn::kRewardModel, index, -kHuge, kHuge, row.q_hat));
  RECBOTS_RETURN_IF_ERROR(Number(LogColumn::kEvaluationModel, index, -kHuge, kHuge, row.evaluation_q_hat));
  const absl::string_view time = Text(LogColumn::kTimestamp, index);
  row.timestamp = kNaN;
  if (time.data() != nullptr) {
    const std::optional<double> seconds = ParseTimestamp(time);
    if (!seconds.has_value()) {
      return Fault(columns_[static_cast<size_t>(LogColumn::kTimestamp)], time,
                   "seconds, or a time such as 2019-11-24T00:01:03Z");
    }
    row.timestamp = *seconds;
  }
  return Reward(index, row);
}

}  // namespace recbots
