// How much one update of a learner computes.
#pragma once

#include "common/inference/algorithm_row.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// The largest network that the chosen algorithm trains; all 0 where none is chosen.
NetworkLoad LoadOf(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec);

// Multiply-adds of one update, to within a factor of two or so: online and target networks forward on every input, and
// the online one backward on one input for each row of a batch.
double MultiplyAddsOfAnUpdate(const v1::ExperimentConfig& config, const EnvironmentSpec& spec);

}  // namespace recbots
