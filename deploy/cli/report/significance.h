// Whether means over few runs differ: Welch's t test, corrected for many comparisons.
#pragma once

#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace recbots {

// Two means, compared.
struct MeanComparison {
  double difference = 0;  // mean(b) - mean(a)
  double half_width = 0;  // Half the width of its 95 % interval.
  double degrees = 0;     // Of freedom, by Welch and Satterthwaite; 0 where neither side scatters.
  double p = 1;           // Two-sided: of such a difference, or a larger one, if the true means are equal.
};

// Welch's t test of two samples, whose scatter may differ. Absent with fewer than two values on a side. Values whose
// scatter is below 1e-9 of their size count as equal: without scatter on both sides p is 1 if the means are equal so
// far, and 0 if not.
std::optional<MeanComparison> CompareMeans(absl::Span<const double> a, absl::Span<const double> b);

// Holm's correction: the p values such that calling those below 0.05 significant errs at all in at most 5 % of such
// pages. In the order of `p`.
std::vector<double> HolmCorrected(const std::vector<double>& p);

}  // namespace recbots
