// The former name of GreedyNetworkPolicy.
// TODO(issue 14): delete this file when common/algorithms/{slate_q,full_slate_q}/policy.h use the new name.
#pragma once

#include "common/inference/greedy_network_policy.h"

namespace recbots {

using GreedyNetwork = GreedyNetworkPolicy;

}  // namespace recbots
