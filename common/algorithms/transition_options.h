// Tells what the algorithm of a run needs in its rows beyond a single step. Every role calls this function, so that
// replay, learner and actors agree on the schema.
#pragma once

#include "common/rl/transition.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Of the algorithm chosen. No algorithm (a replay for other clients): the defaults.
TransitionOptions TransitionOptionsOf(const v1::AlgorithmConfig& algorithm);

}  // namespace recbots
