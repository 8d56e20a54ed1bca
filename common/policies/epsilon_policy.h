// Shows the slates of another policy, and sometimes a random slate instead.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/policies/policy.h"

namespace recbots {

// Shows, with probability `epsilon`, a uniformly random ordered slate of K different candidates, otherwise the slate of
// `base`. `base` acts and observes at every step, whichever slate is shown.
//
// Probabilities are those of the mixture, and exact: a slate that `base` shows for certain has 1 - epsilon + epsilon /
// (N (N - 1) ... (N - K + 1)), every other slate only the second term; the same holds per position with epsilon / N.
// This needs the probability with which `base` shows any slate, which is known only if `base` is certain: if its slate
// has another probability than 1, the answer is NaN, for *every* slate of that user (if some were known and others not,
// depending on the draw, an estimate that drops the unknown ones would be biased). With epsilon 0 the probabilities of
// `base` are passed on; with epsilon 1 they do not matter.
//
// Draws are keyed by the user's position (policy_seed.h). Allocates only when the number of users grows.
class EpsilonPolicy final : public Policy {
 public:
  // epsilon 0..1, 1 <= slate_size <= num_candidates.
  EpsilonPolicy(std::unique_ptr<Policy> base, double epsilon, uint64_t seed, int num_candidates, int slate_size);

  // `epsilon` is in 0..1 and holds from the next Act on.
  void SetEpsilon(double epsilon);

  bool learns() const override { return base_->learns(); }
  bool stationary() const override { return epsilon_ == 0 && base_->stationary(); }
  FeedbackNeeds feedback_needs() const override { return base_->feedback_needs(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  // Exact for any base that answers for given slates: a mixture's probabilities are the mixture of both.
  void Probability(const PolicyInput& input, const GivenSlates& given) override;
  void Observe(const PolicyFeedback& feedback) override { base_->Observe(feedback); }

 private:
  void Mix(size_t user, bool random, const PolicyOutput& output);
  void MixPrefix(size_t user, bool random, const PolicyOutput& output);

  const std::unique_ptr<Policy> base_;
  double epsilon_;
  const uint64_t seed_;
  const uint32_t num_candidates_;
  const size_t slate_size_;
  const double random_probability_;
  std::vector<uint32_t> taken_;       // Scratch [K].
  std::vector<int32_t> base_slates_;  // Scratch [B, K].
  std::vector<float> base_behaviour_, base_positions_, base_prefix_;
};

}  // namespace recbots
