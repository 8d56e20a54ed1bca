// Estimates of the mean return of a session from the weights of its steps (Precup et al. 2000; Thomas and Brunskill
// 2016, arXiv:1604.00923).
//
// With W_t the product of the weights up to step t and g the discount. Sessions may differ in length: steps after the
// end have reward 0 and keep the last W, and so stay in the normalising means. All of them are hopeless beyond a few
// steps for policies that are far from the logging one; the effective sample size (diagnostics.h) tells.
#pragma once

#include "absl/types/span.h"
#include "common/ope/estimate.h"
#include "common/ope/step_estimators.h"

namespace recbots {

// The mean of v of the first step.
EstimateParts SessionDirectMethod(const WeightedSteps& steps);
// The mean of W_last sum g^t r_t, or with self_normalised divided by the mean of W_last.
EstimateParts TrajectoryIps(const WeightedSteps& steps, double discount, bool self_normalised);
// The mean of sum g^t W_t r_t; with self_normalised W_t / mean(W_t) at each t.
EstimateParts PerDecisionIps(const WeightedSteps& steps, double discount, bool self_normalised);
// The mean of sum g^t (W_t (r_t - q_t) + W_(t-1) v_t), W_(-1) = 1; with self_normalised both weights are divided by
// their means at each t (Jiang and Li 2016, arXiv:1511.03722). Needs a model.
EstimateParts SessionDoublyRobust(const WeightedSteps& steps, double discount, bool self_normalised);

// The number of steps of the longest session: self-normalised estimates have as many parts, each as long as there are
// sessions.
size_t LongestSession(absl::Span<const int64_t> session_begin);

}  // namespace recbots
