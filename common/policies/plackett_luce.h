// Ordered slates drawn without repetition in proportion to exp(score): the Plackett-Luce model. The first item is drawn
// with a softmax over all candidates, the second with a softmax over the rest, and so on. Drawn by adding Gumbel noise
// to the scores and sorting, which is the same (Yellott 1977).
//
// Letters: N candidates, K slate positions, 1 <= K <= N. Scores are finite. A score is in natural units: divide it by
// the temperature before. Exact but for rounding, where nothing else is said.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

class PlackettLuce {
 public:
  explicit PlackettLuce(int num_candidates) : rates_(static_cast<size_t>(num_candidates)), noisy_(rates_.size()) {}

  // Sets scores [N]; the other functions are about them.
  void SetScores(absl::Span<const double> scores);

  // Draws a slate [K] with N draws.
  void Draw(Rng& draws, absl::Span<int32_t> slate);

  // Fills prefix [K] with the probability that a slate begins with slate[0 .. k]. A slate ends before its first
  // position that is no candidate or was shown before: 0 from there on. O(N + K^2).
  void PrefixProbability(absl::Span<const int32_t> slate, absl::Span<double> prefix) const;

  // Fills next [N] with the probability of each candidate at the next position when `before` was shown so far; 0 for
  // those shown. O(N).
  void NextProbability(absl::Span<const int32_t> before, absl::Span<double> next) const;

  // Fills position [K] with the probability that slate[k] is at position k, whatever is at the others. Candidates are
  // thought of as arriving at exponential times with rate exp(score): item i is at position k if exactly k others come
  // before it, a Poisson-binomial probability under an integral over its time. The trapezoidal rule on the logarithm of
  // time converges exponentially: the relative error is below 1e-9. O(nodes N K^2), about 110 nodes where scores differ
  // little.
  void PositionProbability(absl::Span<const int32_t> slate, absl::Span<double> position);

 private:
  std::vector<double> rates_;  // [N]: exp(score - largest score)
  std::vector<double> noisy_;  // Scratch [N].
  std::vector<double> count_;  // Scratch [K]: the probability of each number of arrivals.
};

}  // namespace recbots
