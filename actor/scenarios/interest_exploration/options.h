// Settings of interest exploration. Names, numbers, ranges and defaults are those of InterestExplorationConfig
// (config.proto).
#pragma once

#include <algorithm>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/model.h"
#include "common/base/settings.h"
#include "common/slate/choice_model.h"

namespace recbots {

struct InterestExplorationOptions {
  static constexpr int kMaxTopics = 32;
  static constexpr int kMaxTypes = 1024;

  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_candidates, Between(1, 4096), 10);                                              // N
  RECBOTS_SETTING(int, slate_size, Between(1, std::min(num_candidates, int{ChoiceModel::kMaxSlate})), 1);  // K
  RECBOTS_SETTING(CandidateRefresh, candidate_refresh, Between(1, 3), CandidateRefresh::kEveryStep);
  RECBOTS_SETTING(int, max_episode_steps, Between(1, 1000000), 100);  // Then truncated.

  // [T], 1..kMaxTopics; probabilities sum to 1.
  RECBOTS_SETTING(std::vector<double>, topic_distribution, Between(0, 1), {0.2, 0.8});
  RECBOTS_SETTING(std::vector<double>, topic_quality_log_mean, Between(-10, 10), {0.8, 0.2});
  RECBOTS_SETTING(std::vector<double>, topic_quality_log_stddev, Between(0, 3), {0.1, 0.1});

  // [types], 1..kMaxTypes, and [types, T] row by row; probabilities sum to 1.
  RECBOTS_SETTING(std::vector<double>, user_type_distribution, Between(0, 1), {0.3, 0.7});
  RECBOTS_SETTING(std::vector<double>, affinity_log_mean, Between(-10, 10), {0.1, 0.7, 0.7, 0.1});
  RECBOTS_SETTING(std::vector<double>, affinity_log_stddev, Between(0, 3), {0.1, 0.1, 0.1, 0.1});

  RECBOTS_SETTING(ChoiceModelOptions, choice, AnyValue(), {.kind = ChoiceKind::kMultinomialLogit, .no_click_mass = 5});
};

// INVALID_ARGUMENT: a field is out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const InterestExplorationOptions& options);

}  // namespace recbots
