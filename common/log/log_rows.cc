#include "common/log/log_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMaxRows = int64_t{1} << 31;

// Appends to a column that begins with the first row that has a value.
void AppendTo(std::vector<double>& column, size_t row, double value) {
  if (column.empty() && std::isnan(value)) return;
  if (column.size() < row) column.resize(row, kNaN);
  column.push_back(value);
}

void PadTo(std::vector<double>& column, size_t rows) {
  if (!column.empty()) column.resize(rows, kNaN);
}

}  // namespace

LogRowAppender::LogRowAppender(const LogOptions& options, const RowReader& reader, const RowDecoder& decoder,
                               LogRows& rows)
    : options_(options), reader_(reader), decoder_(decoder), rows_(rows) {
  rows_.name = reader.name();
  if (options.session_gap > absl::ZeroDuration()) {
    rows_.kind = SessionKind::kFromGaps;
  } else if (decoder.has(LogColumn::kSession) || decoder.has(LogColumn::kEpisode)) {
    rows_.kind = SessionKind::kInLog;
  }
  rows_.has_position = decoder.has(LogColumn::kPosition) || options.list_separator != 0;
  rows_.log.reward_of_slates = options.reward.empty() && decoder.has(LogColumn::kReward);
}

absl::Status LogRowAppender::CheckComplete(const DecodedRow& row) const {
  const auto missing = [this](LogColumn column) {
    return reader_.Error(
        absl::StrCat("column '", decoder_.TheirName(column), "' is missing or empty, want a value in ", "every row"));
  };
  const bool gaps = rows_.kind == SessionKind::kFromGaps;
  if (gaps && row.user.data() == nullptr) return missing(LogColumn::kUser);
  if (gaps && std::isnan(row.timestamp)) return missing(LogColumn::kTimestamp);
  if (rows_.kind == SessionKind::kInLog && row.session.data() == nullptr) {
    return missing(decoder_.has(LogColumn::kSession) ? LogColumn::kSession : LogColumn::kEpisode);
  }
  if (row.item.data() == nullptr) {  // A slate without items, as in our own logs.
    if (row.position >= 0 || row.clicked > 0) return missing(LogColumn::kItem);
    if (rows_.kind != SessionKind::kInLog) return missing(LogColumn::kItem);
  } else if (rows_.has_position && row.position < 0) {
    return missing(LogColumn::kPosition);
  }
  if (decoder_.has(LogColumn::kStep) && !gaps && rows_.kind == SessionKind::kInLog && row.step < 0) {
    return missing(LogColumn::kStep);
  }
  if (options_.reward.empty() && std::isnan(row.reward) && row.clicked < 0 && row.item.data() != nullptr) {
    return missing(rows_.log.reward_of_slates ? LogColumn::kReward : LogColumn::kClicked);
  }
  if (row.terminated > 0 && row.truncated > 0) {
    return reader_.Error("terminated and truncated are both true, want at most one");
  }
  return absl::OkStatus();
}

absl::Status LogRowAppender::Append(const DecodedRow& row, size_t index) {
  if (static_cast<int64_t>(rows_.log.item.size()) + 1 >= kMaxRows) return reader_.Error("more than 2^31 - 1 rows");
  RECBOTS_RETURN_IF_ERROR(CheckComplete(row));
  RECBOTS_RETURN_IF_ERROR(AppendKeys(row));
  AppendValues(row);
  return options_.keep_features ? AppendFeatures(index) : absl::OkStatus();
}

absl::Status LogRowAppender::AppendKeys(const DecodedRow& row) {
  rows_.line.push_back(static_cast<uint32_t>(std::min<int64_t>(reader_.line(), std::numeric_limits<uint32_t>::max())));
  switch (rows_.kind) {
    case SessionKind::kRows:
      break;
    case SessionKind::kFromGaps:
      rows_.session.push_back(sessions_.Id(row.user));
      break;
    case SessionKind::kInLog:
      // An episode of our logs is a session of several users, each with steps of its own.
      if (!decoder_.has(LogColumn::kSession) && row.user.data() != nullptr && row.user != "0") {
        key_.assign(row.session.data(), row.session.size());
        absl::StrAppend(&key_, "\x1f", row.user);
        rows_.session.push_back(sessions_.Id(key_));
      } else {
        rows_.session.push_back(sessions_.Id(row.session));
      }
      if (row.step >= 0) rows_.step.push_back(row.step);
      break;
  }
  return absl::OkStatus();
}

void LogRowAppender::AppendValues(const DecodedRow& row) {
  InteractionLog& log = rows_.log;
  const size_t at = log.item.size();
  log.item.push_back(row.item.data() == nullptr ? kNoItem : log.items.Id(row.item));
  log.position.push_back(row.position);
  log.clicked.push_back(row.clicked > 0 ? 1 : 0);
  rows_.clicks += row.clicked > 0;
  const double click = row.clicked > 0 ? 1 : 0;
  log.reward.push_back(std::isnan(row.reward) ? click : row.reward);
  AppendTo(log.slate_propensity, at, row.slate_propensity);
  AppendTo(log.item_propensity, at, row.item_propensity);
  AppendTo(log.prefix_propensity, at, row.prefix_propensity);
  AppendTo(log.evaluation_slate, at, row.evaluation_slate);
  AppendTo(log.evaluation_item, at, row.evaluation_item);
  AppendTo(log.evaluation_prefix, at, row.evaluation_prefix);
  AppendTo(log.q_hat, at, row.q_hat);
  AppendTo(log.evaluation_q_hat, at, row.evaluation_q_hat);
  if (rows_.kind == SessionKind::kFromGaps) log.timestamp.push_back(row.timestamp);
  if (decoder_.has(LogColumn::kPolicy)) {
    log.policy.resize(at, 0);
    log.policy.push_back(log.policies.Id(row.policy.data() == nullptr ? absl::string_view("?") : row.policy));
  }
  if (row.terminated >= 0 || row.truncated >= 0) {
    rows_.end.resize(at, 0);
    rows_.end.push_back(static_cast<int8_t>(row.terminated > 0 ? 1 : row.truncated > 0 ? 2 : 0));
  }
  if (options_.keep_features) log.stream.push_back(row.stream);
}

// Features have the names of our own logs.
void LogRowAppender::FindFeatures() {
  features_found_ = true;
  LogFeatures& features = rows_.log.features;
  const std::vector<std::string>& names = reader_.names();
  for (size_t i = 0; i < names.size(); ++i) {
    absl::string_view field = names[i];
    if (!absl::ConsumePrefix(&field, "response.")) continue;
    features.response_fields.emplace_back(field);
    response_columns_.push_back(i);
  }
  absl::flat_hash_map<absl::string_view, size_t> columns;
  for (size_t i = 0; i < names.size(); ++i) columns.emplace(names[i], i);
  const auto add = [&](const std::string& name) {
    const auto found = columns.find(name);
    if (found != columns.end()) block_columns_.push_back(found->second);
    return found != columns.end();
  };
  while (add(absl::StrCat("observation.", features.num_user_features))) ++features.num_user_features;
  while (add(absl::StrCat("candidates.0.", features.num_candidate_features))) ++features.num_candidate_features;
  if (features.num_candidate_features > 0) features.num_candidates = 1;
  while (features.num_candidates > 0) {
    size_t found = 0;
    while (found < features.num_candidate_features &&
           add(absl::StrCat("candidates.", features.num_candidates, ".", found))) {
      ++found;
    }
    if (found < features.num_candidate_features) break;
    ++features.num_candidates;
  }
  block_columns_.resize(features.num_user_features + features.num_candidates * features.num_candidate_features);
  block_.resize(block_columns_.size());
}

absl::Status LogRowAppender::AppendFeatures(size_t index) {
  if (!features_found_) FindFeatures();
  LogFeatures& features = rows_.log.features;
  const auto read = [&](size_t column, float& value) -> absl::Status {
    double number = 0;
    RECBOTS_RETURN_IF_ERROR(decoder_.Number(column, index, -3e38, 3e38, number));
    value = std::isnan(number) ? 0.0f : static_cast<float>(number);
    return absl::OkStatus();
  };
  for (const size_t column : response_columns_) {
    RECBOTS_RETURN_IF_ERROR(read(column, features.response.emplace_back()));
  }
  for (size_t i = 0; i < block_.size(); ++i) RECBOTS_RETURN_IF_ERROR(read(block_columns_[i], block_[i]));
  const bool again =
      !features.block.empty() &&
      std::equal(block_.begin(), block_.end(), features.blocks.end() - static_cast<ptrdiff_t>(block_.size()));
  if (!again) features.blocks.insert(features.blocks.end(), block_.begin(), block_.end());
  const int32_t last = features.block.empty() ? -1 : features.block.back();
  features.block.push_back(again ? last : last + 1);
  return absl::OkStatus();
}

absl::Status LogRowAppender::Finish() {
  RECBOTS_RETURN_IF_ERROR(decoder_.CheckMapping());
  InteractionLog& log = rows_.log;
  const size_t rows = log.item.size();
  if (rows == 0) return absl::InvalidArgumentError(absl::StrCat(rows_.name, ": there are no rows"));
  for (std::vector<double>* column :
       {&log.slate_propensity, &log.item_propensity, &log.prefix_propensity, &log.evaluation_slate,
        &log.evaluation_item, &log.evaluation_prefix, &log.q_hat, &log.evaluation_q_hat}) {
    PadTo(*column, rows);
  }
  if (!rows_.end.empty()) rows_.end.resize(rows, 0);
  if (!log.policy.empty()) log.policy.resize(rows, 0);
  if (!rows_.step.empty() && rows_.step.size() != rows) {
    return absl::InvalidArgumentError(absl::StrCat(rows_.name, ": column '", decoder_.TheirName(LogColumn::kStep),
                                                   "' begins behind the first row, want it in every row"));
  }
  if (decoder_.has(LogColumn::kClicked) && options_.reward.empty() && !log.reward_of_slates && rows > 1 &&
      rows_.clicks == static_cast<int64_t>(rows)) {
    return absl::FailedPreconditionError(
        absl::StrCat(rows_.name, ": all ", rows,
                     " rows are clicked: what was shown and not clicked is missing, and "
                     "without it no policy can be judged"));
  }
  return absl::OkStatus();
}

}  // namespace recbots
