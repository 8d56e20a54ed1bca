// Intervals by resampling sessions.
#pragma once

#include <cstdint>
#include <vector>

#include "common/ope/estimate.h"

namespace recbots {

struct BootstrapOptions {
  int replicates = 1000;  // 1..1e6
  uint64_t seed = 0;
  int threads = 1;  // 1..256; the result does not depend on it
};

// The values of the estimate in each replicate, sorted: every session counts as often as a Poisson draw with mean 1
// says (Chamandy et al. 2012), the draw being a function of (seed, session, replicate) alone. Replicates with a
// denominator of 0 have no value and are left out. Counts are drawn with 16 bits: 0 to 8 of one session, and the
// probabilities are those of the Poisson distribution within 8e-6. Memory: O(threads (replicates + parts)).
std::vector<double> PoissonBootstrap(const EstimateParts& parts, const BootstrapOptions& options);

// The interval between the quantiles (1 - level) / 2 and (1 + level) / 2 of the sorted values; NaN without values.
Interval PercentileInterval(const std::vector<double>& sorted, double level);

}  // namespace recbots
