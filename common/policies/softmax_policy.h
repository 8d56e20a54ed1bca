// Shows better items more often, and every item sometimes: a policy whose log says much about other policies.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/policies/plackett_luce.h"
#include "common/policies/policy.h"
#include "common/policies/slate_scorer.h"

namespace recbots {

// Draws slates of K different candidates from the Plackett-Luce model over scores / temperature (plackett_luce.h). All
// slates are full. Probabilities of slates, items and prefixes are known exactly, for the slates it shows and for any
// given ones. Draws are keyed by the user's position (policy_seed.h): N draws a step.
class SoftmaxPolicy final : public Policy {
 public:
  static constexpr double kMinTemperature = 1e-3;
  static constexpr double kMaxTemperature = 1e6;

  // temperature kMinTemperature..kMaxTemperature: high ones show everything equally often, low ones the best K.
  // 1 <= slate_size <= num_candidates.
  SoftmaxPolicy(std::unique_ptr<SlateScorer> scorer, double temperature, uint64_t seed, int num_candidates,
                int slate_size);

  bool learns() const override { return scorer_->learns(); }
  FeedbackNeeds feedback_needs() const override { return scorer_->feedback_needs(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  void Probability(const PolicyInput& input, const GivenSlates& given) override;
  void Observe(const PolicyFeedback& feedback) override { scorer_->Observe(feedback); }

 private:
  // Fills scores_ [B, N], divided by the temperature.
  void Score(const PolicyInput& input);
  absl::Span<const double> ScoresOf(size_t user) const;

  const std::unique_ptr<SlateScorer> scorer_;
  const double temperature_;
  const uint64_t seed_;
  const size_t num_candidates_;
  const size_t slate_size_;
  PlackettLuce model_;
  std::vector<double> scores_;             // Scratch [B, N].
  std::vector<double> prefix_, position_;  // Scratch [K].
};

}  // namespace recbots
