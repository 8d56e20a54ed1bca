// Whether weights can be believed.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace recbots {

struct WeightDiagnostics {
  int64_t weights = 0;
  double mean = 0;  // Must be 1: the evaluated policy's probability of what the log can show.
  double mean_standard_error = 0;
  double largest = 0;
  double largest_share = 0;          // Of the sum of all weights.
  double top_percent_share = 0;      // Of the largest hundredth of the weights, rounded up.
  double zero_share = 0;             // Weights that are 0: what the evaluated policy never shows.
  double effective_sample_size = 0;  // (sum w)^2 / sum w^2 (Kish 1965)

  // Whether the mean is within 3 standard errors of 1, or within 1e-4, as propensities that were rounded to six digits
  // are. A single weight is never off.
  bool MeanIsOne() const;
};

// Weights are >= 0; at least one. O(n).
WeightDiagnostics Diagnose(absl::Span<const double> weights);

}  // namespace recbots
