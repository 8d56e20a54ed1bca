// How the columns of a log are called, and what is derived from them. docs/evaluate.md is the manual for people.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace recbots {

// The columns that recbots knows. Names of logs are LogColumnName; response.NAME, observation.I and candidates.I.J are
// known by their beginning.
enum class LogColumn : uint8_t {
  kSession,
  kEpisode,
  kUser,
  kStep,
  kPosition,
  kItem,
  kClicked,
  kTimestamp,
  kSlatePropensity,
  kItemPropensity,
  kPrefixPropensity,
  kPolicy,
  kReward,
  kTerminated,
  kTruncated,
  kEvaluationSlate,
  kEvaluationItem,
  kEvaluationPrefix,
  kRewardModel,
  kEvaluationModel,
};
inline constexpr size_t kNumLogColumns = 20;
const char* LogColumnName(LogColumn column);

// The reward of a row is the sum of coefficient * column.
struct RewardTerm {
  double coefficient = 1;
  std::string column;
};

struct LogOptions {
  // What the log calls a column of ours: (ours, theirs). A later one wins.
  std::vector<std::pair<std::string, std::string>> columns = {};
  // Rows of a user are one session as long as no more than this lies between them; 0: sessions are in the log.
  absl::Duration session_gap = absl::ZeroDuration();
  int position_base = 0;                // The first position in the log, 0..1000.
  char list_separator = 0;              // Cells hold lists, and a row a slate; 0: a row is an item.
  std::vector<RewardTerm> reward = {};  // Empty: column reward, or else clicked.
  // Whether observations, features of candidates and responses are kept (LogFeatures): for replays.
  bool keep_features = false;
};

// Adds the columns of a format of others: "recbots" (ours, nothing to add) or "obd" (Open Bandit).
//   INVALID_ARGUMENT  there is no such format; lists all
absl::Status AddFormat(absl::string_view format, LogOptions& options);

// Adds "OURS=THEIRS".
//   INVALID_ARGUMENT  there is no such column of ours (lists all), or no '='
absl::Status AddColumn(absl::string_view text, LogOptions& options);

// Reads "1*click+0.01*response.watch"; "click" is the column clicked, and a name without a dot may be a response's.
//   INVALID_ARGUMENT  names what cannot be read
absl::StatusOr<std::vector<RewardTerm>> ParseReward(absl::string_view text);

}  // namespace recbots
