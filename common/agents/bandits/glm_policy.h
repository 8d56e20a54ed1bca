// Contextual bandits over candidate features: they model each user's clicks as a logistic function of the features
// shown.
//
//   UCB-GLM  ranks candidates by x . w + lambda * width * uncertainty (Li, Lu, Zhou 2017, arXiv:1703.00048)
//   GLM-TS   ranks by x . w~, w~ drawn from the posterior of w (Kveton et al. 2020, arXiv:1906.08947)
//
// The arm of a candidate is its feature vector x (float32 [D], with `intercept` followed by a constant 1). Every item
// shown is an observation: 1 if it was clicked, otherwise 0. A slate is the K candidates with the largest index, best
// first; among equal indices a uniform draw decides (purpose kPolicy at the user's position).
//
// Each user has a separate learner, which is forgotten when the next episode begins, so behaviour does not depend on
// the batch. w is 0 up to 10 observations; after that it is fitted whenever the number of observations has grown by the
// factor `refit_growth` since the last fit.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/bandits/logistic_bandit.h"
#include "common/base/settings.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

struct GlmPolicyOptions {
  RECBOTS_SETTINGS;
  // lambda; a larger value explores more.
  RECBOTS_SETTING(double, optimism_scaling, Between(0, 1e6), 1);
  // Standard deviation of the weights' prior.
  RECBOTS_SETTING(double, sigma0, Between(1e-6, 1e6), 1);
  RECBOTS_SETTING(bool, intercept, AnyValue(), false);
  // 1 fits after every observation (logistic_bandit.h has the cost).
  RECBOTS_SETTING(double, refit_growth, Between(1, 100), 1.25);
  // Fits use at most this many of an episode's last observations.
  RECBOTS_SETTING(int, max_history, Between(kMinLogisticObservations + 1, 1'000'000), 512);
  // The number of observations, at least 1, that UCB-GLM plans for; its width contains the logarithm of this number. 0
  // means the number that an episode has, or 1000 if episodes have no step limit.
  RECBOTS_SETTING(double, horizon, Between(0, 1e12), 0);
};

// What both policies have in common. Not thread-safe. Act costs O(N d^2) per user (UCB-GLM) or O(N d) (GLM-TS), where d
// is the length of an arm; a user takes at most d^2 and max_history * d doubles of memory.
class GlmPolicy : public Policy {
 public:
  static constexpr int kMaxFeatures = 256;  // Of an arm.

  // The policy learns from clicks alone.
  FeedbackNeeds feedback_needs() const final { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) final;
  void Observe(const PolicyFeedback& feedback) final;

 protected:
  GlmPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed);

  // The index of each arm, arms [N, d].
  virtual void Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws,
                       absl::Span<double> index) = 0;
  // Whether the index is a function of the observations, so that only ties are random.
  virtual bool knows_probability() const = 0;

  const EnvironmentSpec spec_;
  const GlmPolicyOptions options_;
  const size_t arm_size_;  // d

 private:
  // Makes learners and remembered arms for this many users; all of them start again if the number has changed.
  void SetUsers(size_t num_users);
  void LoadArms(absl::Span<const float> candidates);

  const uint64_t seed_;
  const size_t click_field_;
  std::vector<LogisticBandit> learners_;  // [B]
  std::vector<double> shown_;             // [B, K, d]: arms of the last slates.
  std::vector<double> arms_, index_;      // Scratch [N, d], [N].
};

// behaviour_probability and position_probability are exact: given the user's past, only ties are random.
class UcbGlmPolicy final : public GlmPolicy {
 public:
  // INVALID_ARGUMENT: the environment has no response field "click" or no candidate features, or an option is out of
  // bounds; the message has its name, value and bound.
  static absl::StatusOr<std::unique_ptr<UcbGlmPolicy>> Create(const EnvironmentSpec& spec,
                                                              const GlmPolicyOptions& options, uint64_t seed);

 private:
  UcbGlmPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed);
  void Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws, absl::Span<double> index) override;
  bool knows_probability() const override { return true; }

  const double width_;  // lambda times UcbGlmWidth.
};

// Both probabilities are NaN, because the probability of a slate is an integral over the posterior.
class GlmThompsonPolicy final : public GlmPolicy {
 public:
  // Errors are those of UcbGlmPolicy::Create.
  static absl::StatusOr<std::unique_ptr<GlmThompsonPolicy>> Create(const EnvironmentSpec& spec,
                                                                   const GlmPolicyOptions& options, uint64_t seed);

 private:
  GlmThompsonPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed);
  void Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws, absl::Span<double> index) override;
  bool knows_probability() const override { return false; }

  std::vector<double> sample_;  // Scratch [d].
};

}  // namespace recbots
