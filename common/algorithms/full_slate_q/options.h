// The options of full-slate Q-learning's learning side (full_slate_q.h).
#pragma once

#include "common/algorithms/full_slate_q/shape.h"
#include "common/algorithms/q_learner.h"

namespace recbots {

struct FullSlateQOptions {
  FullSlateShape shape;
  QLearnerOptions q;
};

}  // namespace recbots
