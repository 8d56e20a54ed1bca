// Reference policies of long-term satisfaction. Their slates depend only on the user's own episode.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actor/scenarios/long_term_satisfaction/exact_values.h"
#include "common/base/lazy.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// The exact solutions of a scenario. The first call of a function computes its part. All are empty if the parameters
// are not LtsMdp::Solvable. Thread-safe. CANCELLED: `stop` returned true; the next call computes the part again.
class LtsReference {
 public:
  // `options` have passed Validate.
  explicit LtsReference(const LongTermSatisfactionOptions& options);

  struct Solution {
    LtsMdp mdp;
    LtsMdp::Optimum optimum;
  };

  bool solvable() const { return solvable_; }
  // nullptr if not solvable. The solution lives as long as this object. Takes about 20 ms.
  absl::StatusOr<const Solution*> Solve(const StopQuestion& stop = {}) const;
  absl::StatusOr<std::optional<double>> RandomValue(const StopQuestion& stop = {}) const;
  // Its target is a clickbait as documents have it. nullptr if not solvable. Takes about 150 ms.
  absl::StatusOr<const LtsMdp::Constant*> BestConstant(const StopQuestion& stop = {}) const;

 private:
  const LongTermSatisfactionOptions options_;
  const bool solvable_;
  mutable Lazy<Solution> solution_;
  mutable Lazy<LtsMdp::Constant> constant_;
};

// Shows the K candidates whose clickbait is nearest to a target, the nearest first. Target 1 gives the most clickbait,
// which is the myopic choice, and target 0 the least.
class NearestClickbaitPolicy final : public Policy {
 public:
  NearestClickbaitPolicy(const EnvironmentSpec& spec, double target);
  // Uses the target of the best constant (LtsReference::BestConstant), which the first Act computes if it is not known
  // yet. `reference` is solvable.
  NearestClickbaitPolicy(const EnvironmentSpec& spec, std::shared_ptr<const LtsReference> reference);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  const EnvironmentSpec spec_;
  const std::shared_ptr<const LtsReference> reference_;  // nullptr: target_ is given.
  double target_ = 0;
  std::vector<double> scores_;  // [N]
};

// The optimum of LtsMdp. The policy knows every user's exposure: it repeats the draws of a user's start and innovations
// from the same random streams, and follows what was shown (by Observe, or by its own slates if Observe is not called).
// If the policy meets a user in the middle of an episode, it assumes an exposure of 0 at that time.
class LtsOptimalPolicy final : public Policy {
 public:
  // `seed` keys the users' streams. `reference` is solvable.
  LtsOptimalPolicy(const LongTermSatisfactionOptions& options, const EnvironmentSpec& spec, uint64_t seed,
                   std::shared_ptr<const LtsReference> reference);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  void Observe(const PolicyFeedback& feedback) override;

 private:
  struct Followed {
    StreamPosition position;  // Of the last slate.
    double exposure = 0;      // At that position.
    double clickbait = -1;    // Consumed at that position; -1: no user has been followed yet.
  };

  double ExposureAt(const StreamPosition& position, const Followed& before) const;

  const LongTermSatisfactionOptions options_;
  const EnvironmentSpec spec_;
  const uint64_t seed_;
  const std::shared_ptr<const LtsReference> reference_;
  std::vector<Followed> users_;    // [B]
  std::vector<float> candidates_;  // [B, N], of the last Act.
  std::vector<double> scores_;     // [N]
};

}  // namespace recbots
