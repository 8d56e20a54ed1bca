// Losses of the value heads that say more than a mean (common/inference/value_head.h), of one row, in double precision.
// All are in the unit of the network. Pure functions; each writes the gradient with respect to its outputs.
//
// Letters: N outputs, M atoms of a target.
#pragma once

#include "absl/types/span.h"

namespace recbots {

// The quantile Huber loss (Dabney et al. 2018, arXiv:1710.10044, equations 9 and 10): the sum over quantiles theta_i at
// tau_i = (i + 1/2) / N of the mean over the target of |tau_i - [u < 0]| L(u) / kappa, u = y - theta_i, with L(u) = u^2
// / 2 up to |u| = kappa and kappa (|u| - kappa / 2) beyond; of kappa 0 the limit, |tau_i - [u < 0]| |u|. The target is
// atoms y_j [M] with shares [M] that sum to 1; atoms of share 0 may hold anything.
double QuantileLoss(absl::Span<const double> quantiles, absl::Span<const double> atoms, absl::Span<const double> shares,
                    double kappa, absl::Span<double> gradient);

// The cross-entropy of softmax(logits) [N] from the two bins next to `target` (TwoHotOf).
double TwoHotLoss(absl::Span<const double> logits, double target, absl::Span<const float> bins,
                  absl::Span<double> gradient);

}  // namespace recbots
