// The K best of N scored candidates as a slate, best first, in one pass and without allocation.
//
// Scores are not NaN; infinities are fine. K <= N.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Offers `candidate` to slate[0 .. size), which holds the best candidates so far; score_of(position) is the score of a
// candidate. Returns the new size, at most slate.size(). Of equal scores the candidate offered first comes first. O(K).
template <typename ScoreOf>
size_t InsertByScore(int32_t candidate, ScoreOf&& score_of, size_t size, absl::Span<int32_t> slate) {
  const auto score = score_of(candidate);
  if (size < slate.size()) {
    ++size;
  } else if (size == 0 || !(score > score_of(slate[size - 1]))) {
    return size;
  }
  size_t at = size - 1;
  for (; at > 0 && score > score_of(slate[at - 1]); --at) slate[at] = slate[at - 1];
  slate[at] = candidate;
  return size;
}

// Fills slate [K] from scores [N]; of equal scores the lower position comes first. O(N + K^2) for random scores, O(N K)
// in the worst case.
void GreedySlate(absl::Span<const double> scores, absl::Span<int32_t> slate);

// Fills slate [K] from scores [N]; equal scores come in uniformly random order, and if not all of them fit, the choice
// among them is uniformly random, too. Draws nothing if no scores are equal. Returns the probability of this ordered
// slate, and fills position_probability [K], unless it is empty, with the probability that each shown item is at its
// position. Both are exact: each of m equal candidates that compete for the positions from j on is at each of these
// positions with probability 1 / m.
double GreedySlateRandomTies(absl::Span<const double> scores, Rng& draws, absl::Span<int32_t> slate,
                             absl::Span<float> position_probability);

}  // namespace recbots
