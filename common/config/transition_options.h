// Tells what the algorithm of a run needs in its rows beyond a single step. Every role calls this function, so that
// replay, learner and actors agree on the schema.
#pragma once

#include "common/rl/transition.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// wolpertinger: one step, its discount; slate_q: its discount and n_step, with the next slate where its target is
// SARSA; full_slate_q and dqn: their discount and n_step. No algorithm (a replay for other clients): the defaults.
TransitionOptions TransitionOptionsOf(const v1::AlgorithmConfig& algorithm);

}  // namespace recbots
