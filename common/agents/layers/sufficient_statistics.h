// Lets a policy see statistics of the episode beside the observation.
#pragma once

#include <memory>
#include <vector>

#include "common/agents/layers/user_statistics.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// `base` is asked and told with observations float32 [B, U + S]: the user features, then the statistics of that user
// (RecSim: {raw_observation, sufficient_statistics}). Slates and probabilities pass unchanged.
//
// A user's statistics start again where an episode begins (step 0), and take in each active step. Users that are only
// asked for slates (no Observe) have the statistics of an episode that starts there. Allocates only where the number of
// users grows.
class SufficientStatistics final : public Policy {
 public:
  // `spec` is the environment's.
  SufficientStatistics(const EnvironmentSpec& spec, std::unique_ptr<UserStatistics> statistics,
                       std::unique_ptr<Policy> base);

  // The environment as `base` sees it: the same with U + S user features.
  static EnvironmentSpec InnerSpec(const EnvironmentSpec& spec, const UserStatistics& statistics);

  const UserStatistics& statistics() const { return *statistics_; }

  bool learns() const override { return base_->learns(); }
  FeedbackNeeds feedback_needs() const override { return statistics_->feedback_needs() | base_->feedback_needs(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  void Observe(const PolicyFeedback& feedback) override;

 private:
  // Of columns that are whole or empty.
  UserView ViewOf(size_t user, absl::Span<const float> observation, absl::Span<const float> candidates) const;
  // Fills wrapped_ from `observation` [B, U] and the statistics.
  void Wrap(absl::Span<const float> observation, size_t num_users);

  const size_t num_user_features_, candidates_width_, slate_size_, num_fields_;
  const std::unique_ptr<UserStatistics> statistics_;
  const std::unique_ptr<Policy> base_;
  std::vector<bool> begun_;     // [B]
  std::vector<float> wrapped_;  // [B, U + S]
};

}  // namespace recbots
