// Shows slates at random.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/policies/policy.h"

namespace recbots {

// Draws an ordered slate of K different positions of 0 .. num_candidates - 1; all such slates are equally likely. Takes
// K draws and K^2 operations. `taken` [K] is scratch. 1 <= K <= num_candidates.
void DrawRandomSlate(uint32_t num_candidates, Rng& draws, absl::Span<int32_t> slate, absl::Span<uint32_t> taken);

// The probability of each such slate: 1 / (N (N - 1) ... (N - K + 1)).
double RandomSlateProbability(int num_candidates, int slate_size);

// Answers for one user of a policy that shows every ordered slate of different candidates with the same probability.
void RandomProbability(int num_candidates, size_t user, const GivenSlates& given);

// Shows every ordered slate of K different candidates of N with the same probability. Draws are made with purpose
// kPolicy at the user's position, so that the slates of a user do not depend on the batch. Each item is at each
// position with probability 1 / N. Act takes K^2 operations per user and allocates nothing.
class RandomPolicy final : public Policy {
 public:
  // 1 <= slate_size <= num_candidates.
  RandomPolicy(uint64_t seed, int num_candidates, int slate_size);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  // Slates that name a candidate twice, or are short, have probability 0.
  void Probability(const PolicyInput& input, const GivenSlates& given) override;

 private:
  const uint64_t seed_;
  const uint32_t num_candidates_;
  const size_t slate_size_;
  const float probability_;      // Of every slate.
  std::vector<uint32_t> taken_;  // Scratch [K]: the positions of a slate so far, ascending.
};

}  // namespace recbots
