// What the configuration says of networks (proto/recbots/v1/config.proto) as the plain values that networks are made
// of. Only what reads a configuration includes it: shapes, networks and algorithms do without Protobuf.
#pragma once

#include <string>
#include <vector>

#include "common/inference/algorithm_row.h"
#include "common/inference/q_shape.h"
#include "common/inference/tensor_spec.h"
#include "common/inference/value_head.h"
#include "common/rl/spec.h"
#include "common/rl/transition.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// `config`, with these units where it names none.
HiddenLayers MakeHiddenLayers(const v1::NetworkConfig& config, const std::vector<int>& units);

ValueHead MakeValueHead(const v1::QLearningConfig& config);

QShape MakeQShape(const v1::QLearningConfig& config, int num_user_features, int num_action_features, bool with_none,
                  const v1::NetworkConfig& network = {});

// What rows have to hold for Q-learning: its discount and n_step, and the next slate if `next_slate`.
TransitionOptions QTransitions(const v1::QLearningConfig& config, bool next_slate);

// The load of a learner that values `num_actions` actions per row. `setting` is the path of hidden_units.
NetworkLoad QLoad(const v1::QLearningConfig& config, const v1::NetworkConfig& network, const std::string& setting,
                  const EnvironmentSpec& spec, double num_actions, double action_size, const std::string& action);

}  // namespace recbots
