// Whether estimates may be believed, in words.
#pragma once

#include "deploy/cli/evaluate/evaluation.h"
#include "deploy/cli/evaluate/log_weights.h"

namespace recbots {

// Where the lines are drawn.
struct VerdictLimits {
  double believed_sample_size = 1000;  // Effective sample size from which weights are believed,
  double least_sample_size = 100;      // and below which they are not.
  double largest_share = 0.1;          // A single weight with more than this share of all decides alone.
  int64_t least_rewarded = 10;         // Rows with a reward.
};

// Sets the trust of each result, the recommended estimator and the verdict. `evaluation` has weights and results.
void Judge(const LogWeights& weights, Evaluation& evaluation, const VerdictLimits& limits = {});

}  // namespace recbots
