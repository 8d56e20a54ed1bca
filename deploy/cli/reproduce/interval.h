// Means over seeds, with what they are uncertain by.
#pragma once

#include "absl/types/span.h"

namespace recbots {

struct Interval {
  double mean = 0;
  double half_width = 0;  // Of the 95 % confidence interval; NaN: not known.
};

// The mean of one value per seed and t(n - 1) s / sqrt(n), where s is their standard deviation. Where each value is a
// mean over users of its own, s holds the spread between seeds and the error of each value, so nothing is added to it.
// One value alone has only its own `standard_errors[0]`: 1.96 of them, which says nothing of other seeds.
// Of no values: NaN.
Interval MeanInterval(absl::Span<const double> values, absl::Span<const double> standard_errors);

// Quantile of Student's t distribution: P(|T| < t) = 0.95. degrees >= 1; within 0.001.
double StudentT95(int degrees);

}  // namespace recbots
