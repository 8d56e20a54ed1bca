// Contextual bandits over candidate features: each user's clicks as a logistic function of what was shown.
//
//   UCB-GLM  ranks candidates by x . w + lambda * width * uncertainty (Li, Lu, Zhou 2017, arXiv:1703.00048)
//   GLM-TS   ranks by x . w~, w~ drawn from the posterior of w (Kveton et al. 2020, arXiv:1906.08947)
//
// The arm of a candidate is its feature vector x (float32 [D], and a constant 1 behind it with `intercept`). Every
// shown item is an observation: 1 where it was clicked, 0 where not. A slate is the K candidates with the largest
// index, best first, and a uniform draw (purpose kPolicy at the user's position) among equal ones.
//
// Each user has a learner of its own that is forgotten where the episode begins, so behaviour does not depend on the
// batch. w is 0 up to 10 observations and then fitted when there are `refit_growth` times those of the last fit.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/bandits/logistic_bandit.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

struct GlmPolicyOptions {
  double optimism_scaling = 1;  // lambda >= 0: more explores more.
  double sigma0 = 1;            // Standard deviation of the weights' prior, 1e-6..1e6.
  bool intercept = false;
  double refit_growth = 1.25;  // 1..100; 1: a fit after every observation (logistic_bandit.h has the cost).
  int max_history = 512;       // 11..1000000: fits see this many of the last observations of an episode.
  // Observations that UCB-GLM plans for, 1..1e12, of which its width takes the logarithm. 0: as many as an episode has,
  // or 1000 where nothing ends it.
  double horizon = 0;

  template <typename F>
  void ForEachField(F&& f) {
    f("optimism_scaling", optimism_scaling);
    f("sigma0", sigma0);
    f("intercept", intercept);
    f("refit_growth", refit_growth);
    f("max_history", max_history);
    f("horizon", horizon);
  }
};

// What both have in common. Not thread-safe. Acting costs O(N d^2) per user (UCB-GLM) or O(N d) (GLM-TS), d the length
// of an arm; a user's memory is d^2 and max_history * d doubles at most.
class GlmPolicy : public Policy {
 public:
  static constexpr int kMaxFeatures = 256;  // Of an arm.

  // Clicks are all that it learns from.
  FeedbackNeeds feedback_needs() const final { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) final;
  void Observe(const PolicyFeedback& feedback) final;

 protected:
  GlmPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed);

  // The index of each arm, arms [N, d].
  virtual void Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws,
                       absl::Span<double> index) = 0;
  // Whether the index is a function of what was observed, so that only ties are random.
  virtual bool knows_probability() const = 0;

  const EnvironmentSpec spec_;
  const GlmPolicyOptions options_;
  const size_t arm_size_;  // d

 private:
  // Learners and remembered arms of this many users; they start again where the number has changed.
  void SetUsers(size_t num_users);
  void LoadArms(absl::Span<const float> candidates);

  const uint64_t seed_;
  const size_t click_field_;
  std::vector<LogisticBandit> learners_;  // [B]
  std::vector<double> shown_;             // [B, K, d]: arms of the last slates.
  std::vector<double> arms_, index_;      // Scratch [N, d], [N].
};

// behaviour_probability and position_probability are exact: given what the user did so far only ties are random.
class UcbGlmPolicy final : public GlmPolicy {
 public:
  // INVALID_ARGUMENT: an environment without the response field "click" or without candidate features, or an option out
  // of bounds; the message has its name, value and bound.
  static absl::StatusOr<std::unique_ptr<UcbGlmPolicy>> Create(const EnvironmentSpec& spec,
                                                              const GlmPolicyOptions& options, uint64_t seed);

 private:
  UcbGlmPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed);
  void Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws, absl::Span<double> index) override;
  bool knows_probability() const override { return true; }

  const double width_;  // lambda times UcbGlmWidth.
};

// Both probabilities are NaN: that of a slate is an integral over the posterior.
class GlmThompsonPolicy final : public GlmPolicy {
 public:
  // As UcbGlmPolicy::Create.
  static absl::StatusOr<std::unique_ptr<GlmThompsonPolicy>> Create(const EnvironmentSpec& spec,
                                                                   const GlmPolicyOptions& options, uint64_t seed);

 private:
  GlmThompsonPolicy(const EnvironmentSpec& spec, const GlmPolicyOptions& options, uint64_t seed);
  void Indices(LogisticBandit& learner, absl::Span<const double> arms, Rng& draws, absl::Span<double> index) override;
  bool knows_probability() const override { return false; }

  std::vector<double> sample_;  // Scratch [d].
};

}  // namespace recbots
