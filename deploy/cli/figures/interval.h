// Means over seeds, with their uncertainty.
#pragma once

#include "absl/types/span.h"

namespace recbots {

struct Interval {
  double mean = 0;
  double half_width = 0;  // Half the width of the 95 % confidence interval; NaN: not known.
};

// The mean of one value per seed, and t(n - 1) s / sqrt(n), where s is the standard deviation of the values. If each
// value is a mean over different users, s contains both the spread between seeds and the error of each value, so
// nothing is added. For a single value the half width is 1.96 standard_errors[0], which does not tell of other seeds.
// Without values both numbers are NaN.
Interval MeanInterval(absl::Span<const double> values, absl::Span<const double> standard_errors);

}  // namespace recbots
