// The weights of rows that were drawn in proportion to their priority, for a mean over all rows.
#pragma once

#include "absl/types/span.h"

namespace recbots::replay {

// w_i = (N P_i)^-beta / max_j (N P_j)^-beta (Schaul et al. 2016, arXiv:1511.05952, section 3.4): exactly 1 for the row
// of the batch with the lowest probability, less for rows that are drawn more often; all weights are 1 for beta 0 and
// for uniform draws. N, the number of rows, cancels out. The weights are computed as (P_min / P_i)^beta, so nothing
// over- or underflows. `probabilities` must be above 0, as they are for rows that were drawn; `beta` is in 0..1;
// `weights` has as many elements as `probabilities`. Costs one power per row.
void ImportanceWeights(absl::Span<const float> probabilities, double beta, absl::Span<float> weights);

}  // namespace recbots::replay
