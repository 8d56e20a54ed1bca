// The sizes and tensors of the networks of Q-learners, on which the acting and the learning side must agree.
#pragma once

#include <string>
#include <vector>

#include "common/inference/algorithm_row.h"
#include "common/inference/item_network.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// The number of features of an item: D if candidates have features, otherwise N (the position, one-hot).
inline int NumItemFeatures(const EnvironmentSpec& spec) {
  return spec.num_candidate_features > 0 ? spec.num_candidate_features : spec.num_candidates;
}

// A network of Q-values: Q = value_scale x value(network(user, action) + V(user)), where V is present only if it is
// dueling, and the value of the outputs is what action.head makes of them.
struct QShape {
  ItemNetworkSizes action;
  bool dueling = false;
  double value_scale = 1;
};

QShape MakeQShape(const v1::QLearningConfig& config, int num_user_features, int num_action_features, bool with_none,
                  const v1::NetworkConfig& network = {});

// The tensors in the order of an encoding: those of the network of actions and, if it is dueling, then those of V.
inline std::string ActionNetwork(const QShape& shape) { return HeadName("q", shape.action.head); }
inline std::string ValueNetwork(const QShape& shape) { return HeadName("v", shape.action.head); }
std::vector<TensorSpec> QTensors(const QShape& shape);

// What rows have to hold for Q-learning: its discount and n_step, and the next slate if `next_slate`.
TransitionOptions QTransitions(const v1::QLearningConfig& config, bool next_slate);

// The load of a learner that values `num_actions` actions per row. `setting` is the path of hidden_units.
NetworkLoad QLoad(const v1::QLearningConfig& config, const v1::NetworkConfig& network, const std::string& setting,
                  const EnvironmentSpec& spec, double num_actions, double action_size, const std::string& action);

}  // namespace recbots
