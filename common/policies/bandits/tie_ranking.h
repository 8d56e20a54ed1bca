// The K best of N scored candidates, ties broken at random with known probability.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Keeps scratch memory for N candidates. Not thread-safe.
class TieRanker {
 public:
  // Writes the positions of the largest `slate.size()` of `scores` into `slate`, best first; every order of candidates
  // with equal scores is equally likely. Uses `draws` only where there are ties that matter. Scores are not NaN;
  // 1 <= slate.size() <= scores.size().
  // Returns the probability of this ordered slate, given the scores; writes into position_probability [K], unless it is
  // empty, that of this item at this position over all orders.
  double Rank(absl::Span<const double> scores, Rng& draws, absl::Span<int32_t> slate,
              absl::Span<float> position_probability);

 private:
  std::vector<int32_t> order_;
};

}  // namespace recbots
