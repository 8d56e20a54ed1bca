// What rows that were drawn in proportion to their priority count in a mean over all rows.
#pragma once

#include "absl/types/span.h"

namespace recbots::replay {

// w_i = (N P_i)^-beta / max_j (N P_j)^-beta (Schaul et al. 2016, arXiv:1511.05952, section 3.4): exactly 1 for the
// rarest row of the batch, less for those that are drawn more often; all 1 for beta 0 and for uniform draws. N, the
// number of rows, cancels out. Computed as (P_min / P_i)^beta, so nothing over- or underflows. `probabilities` are
// above 0 (those of drawn rows are), `beta` is 0..1, `weights` has one place per probability. Costs a power per row.
void ImportanceWeights(absl::Span<const float> probabilities, double beta, absl::Span<float> weights);

}  // namespace recbots::replay
