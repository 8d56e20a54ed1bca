// How much an update by a row counts that was not drawn uniformly.
#pragma once

#include <cstdint>

#include "absl/types/span.h"

namespace recbots::replay {

// w_i = (N P_i)^-beta / max_j w_j (Schaul et al. 2016, section 3.4), N being the rows held: 1 for the rarest row of the
// batch, less for others; all 1 for beta 0 or uniform draws. N cancels out. `weights` has one place per probability;
// probabilities are above 0. Computed as doubles: neither tiny probabilities nor large beta make zeros or infinities.
void ImportanceWeights(absl::Span<const float> probabilities, int64_t num_rows, double beta, absl::Span<float> weights);

}  // namespace recbots::replay
