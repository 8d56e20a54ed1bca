// What the acting and the learning side of the Q-learners agree on of their network: sizes and tensors.
#pragma once

#include <string>
#include <vector>

#include "common/inference/algorithm_row.h"
#include "common/inference/item_network.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// Features of an item: D where candidates have features, else N (their position, one-hot).
inline int NumItemFeatures(const EnvironmentSpec& spec) {
  return spec.num_candidate_features > 0 ? spec.num_candidate_features : spec.num_candidates;
}

// A network of Q-values: Q = value_scale x (network(user, action) + V(user), the latter where it is dueling).
struct QShape {
  ItemNetworkSizes action;
  bool dueling = false;
  double value_scale = 1;
};

QShape MakeQShape(const v1::QLearningConfig& config, int num_user_features, int num_action_features, bool with_none);

// Tensors in the order of an encoding: those of the network of actions, then those of V where it is dueling.
inline constexpr char kActionNetwork[] = "q";
inline constexpr char kValueNetwork[] = "v";
std::vector<TensorSpec> QTensors(const QShape& shape);

// What rows hold for Q-learning: its discount and n_step, and the next slate where that is wanted.
TransitionOptions QTransitions(const v1::QLearningConfig& config, bool next_slate);

// Of a learner that values `num_actions` per row; `setting` is that of hidden_units.
NetworkLoad QLoad(const v1::QLearningConfig& config, const std::string& setting, const EnvironmentSpec& spec,
                  double num_actions, double action_size, const std::string& action);

}  // namespace recbots
