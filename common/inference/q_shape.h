// The sizes and tensors of the networks of Q-learners, on which the acting and the learning side must agree.
#pragma once

#include <string>
#include <vector>

#include "common/inference/item_network.h"
#include "common/inference/tensor_spec.h"
#include "common/rl/spec.h"

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

// The tensors in the order of an encoding: those of the network of actions and, if it is dueling, then those of V.
inline std::string ActionNetwork(const QShape& shape) { return HeadName("q", shape.action.head); }
inline std::string ValueNetwork(const QShape& shape) { return HeadName("v", shape.action.head); }
std::vector<TensorSpec> QTensors(const QShape& shape);

}  // namespace recbots
