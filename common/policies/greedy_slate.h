// The K best of N scored candidates as a slate, best first, in one pass and without allocation.
//
// Scores are not NaN; infinities are fine. K <= N.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Offers `candidate` to the best-so-far in slate[0 .. size); score_of(position) is the score of any of them. Returns
// the new size, slate.size() at most. Of equals the one that was offered first comes first. O(K).
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

// Fills slate [K] from scores [N]; of equals the lower position comes first. O(N + K^2) for random scores, O(N K) at
// worst.
void GreedySlate(absl::Span<const double> scores, absl::Span<int32_t> slate);

// The same, but equals come in uniformly random order, and so does the choice among them where not all fit. Draws
// nothing where there are no equals. Returns the probability of this ordered slate and fills position_probability [K],
// unless it is empty, with the probability of each shown item to be at its position; both are exact: m equals that
// compete for the positions from j on are at each of those with probability 1 / m.
double GreedySlateRandomTies(absl::Span<const double> scores, Rng& draws, absl::Span<int32_t> slate,
                             absl::Span<float> position_probability);

}  // namespace recbots
