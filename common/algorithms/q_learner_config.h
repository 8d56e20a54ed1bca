// What a configuration asks of the learners of Q-values.
#pragma once

#include "common/algorithms/q_learner.h"
#include "common/inference/algorithm_row.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Of ranges that validation has passed.
QLearnerOptions MakeQLearnerOptions(const v1::QLearningConfig& config, const OptimizerOptions& optimizer,
                                    const QShape& shape, const LearningSetup& setup);

}  // namespace recbots
