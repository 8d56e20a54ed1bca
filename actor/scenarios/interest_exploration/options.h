// Settings of interest exploration. Names, numbers and defaults are those of InterestExplorationConfig (config.proto).
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/model.h"
#include "common/slate/choice_model.h"

namespace recbots {

struct InterestExplorationOptions {
  static constexpr int kMaxCandidates = 4096;
  static constexpr int kMaxTopics = 32;
  static constexpr int kMaxTypes = 1024;
  static constexpr int kMaxSteps = 1000000;
  static constexpr double kMaxLogMean = 10;  // Of either sign.
  static constexpr double kMaxLogStddev = 3;

  int num_candidates = 10;  // N, 1..kMaxCandidates
  int slate_size = 1;       // K, 1..min(N, ChoiceModel::kMaxSlate)
  CandidateRefresh candidate_refresh = CandidateRefresh::kEveryStep;
  int max_episode_steps = 100;  // 1..kMaxSteps; then truncated

  std::vector<double> topic_distribution = {0.2, 0.8};        // [T], 1..kMaxTopics; sums to 1
  std::vector<double> topic_quality_log_mean = {0.8, 0.2};    // [T]
  std::vector<double> topic_quality_log_stddev = {0.1, 0.1};  // [T]

  std::vector<double> user_type_distribution = {0.3, 0.7};         // [types], 1..kMaxTypes; sums to 1
  std::vector<double> affinity_log_mean = {0.1, 0.7, 0.7, 0.1};    // [types, T] row by row
  std::vector<double> affinity_log_stddev = {0.1, 0.1, 0.1, 0.1};  // [types, T] row by row

  ChoiceModelOptions choice = DefaultChoice();

  static ChoiceModelOptions DefaultChoice() {
    ChoiceModelOptions choice;
    choice.kind = ChoiceKind::kMultinomialLogit;
    choice.no_click_mass = 5;
    return choice;
  }

  template <typename F>
  void ForEachField(F&& f) {
    f("num_candidates", num_candidates);
    f("slate_size", slate_size);
    f("candidate_refresh", candidate_refresh);
    f("max_episode_steps", max_episode_steps);
    f("topic_distribution", topic_distribution);
    f("topic_quality_log_mean", topic_quality_log_mean);
    f("topic_quality_log_stddev", topic_quality_log_stddev);
    f("user_type_distribution", user_type_distribution);
    f("affinity_log_mean", affinity_log_mean);
    f("affinity_log_stddev", affinity_log_stddev);
    f("choice", choice);
  }
};

// INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const InterestExplorationOptions& options);

}  // namespace recbots
