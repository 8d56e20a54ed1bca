// What an environment looks like from outside (design: contracts, environment).
//
// Letters used throughout: B users in a batch, N candidates, K slate positions, U user features, R response fields,
// I items of a fixed catalogue.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recbots {

struct EnvironmentSpec {
  std::string name;
  int num_user_features = 0;  // U
  int num_candidates = 0;     // N: positions a slate may name
  int slate_size = 1;         // K
  std::vector<std::string> response_fields;  // R names
  // True when the candidates are the same I = N items for everybody at every step, so that positions are item ids.
  bool fixed_catalogue = true;
  double min_reward = 0;  // Bounds of one step's reward.
  double max_reward = 1;
  int max_episode_steps = 0;  // Steps after which an episode is truncated; 0: never.
};

}  // namespace recbots
