// Settings of the environment with a known Q-function. Names, ranges and defaults are those of KnownQConfig
// (config.proto).
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "actor/scenarios/known_q/dynamics.h"
#include "common/base/settings.h"

namespace recbots {

struct KnownQOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_candidates, Between(kKnownQActions, 4096), 4);  // N: enough for every action.
  RECBOTS_SETTING(int, slate_size, Between(1, num_candidates), 1);         // K
  // The distribution of the first state: 6 numbers that sum to 1.
  RECBOTS_SETTING(std::vector<double>, start_distribution, Between(0, 1), {1, 0, 0, 0, 0, 0});
  RECBOTS_SETTING(int, max_episode_steps, Between(1, 1000000), 100);  // Then truncated.
};

// INVALID_ARGUMENT: a field is out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const KnownQOptions& options);

}  // namespace recbots
