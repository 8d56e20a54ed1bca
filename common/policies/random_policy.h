// Shows slates at random.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/policies/policy.h"

namespace recbots {

// Draws an ordered slate of K distinct ones of 0 .. num_candidates - 1, all equally often: K draws, K^2 operations.
// `taken` [K] is scratch. 1 <= K <= num_candidates.
void DrawRandomSlate(uint32_t num_candidates, Rng& draws, absl::Span<int32_t> slate, absl::Span<uint32_t> taken);

// The probability of each such slate: 1 / (N (N - 1) ... (N - K + 1)).
double RandomSlateProbability(int num_candidates, int slate_size);

// Every ordered slate of K distinct candidates of N with the same probability, drawn with purpose kPolicy at the user's
// position, so that what a user is shown does not depend on the batch. Each item is at each position with probability
// 1 / N. K^2 per user, allocates nothing.
class RandomPolicy final : public Policy {
 public:
  // 1 <= slate_size <= num_candidates.
  RandomPolicy(uint64_t seed, int num_candidates, int slate_size);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  const uint64_t seed_;
  const uint32_t num_candidates_;
  const size_t slate_size_;
  const float probability_;      // Of every slate.
  std::vector<uint32_t> taken_;  // Scratch [K]: the positions of a slate so far, ascending.
};

}  // namespace recbots
