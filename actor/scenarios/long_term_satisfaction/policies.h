// Reference policies of long-term satisfaction. Their slates depend on nothing but the user's own episode.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actor/scenarios/long_term_satisfaction/exact_values.h"
#include "common/base/lazy.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// What is known exactly of a scenario, each part computed when first asked for. Thread-safe. Empty where the parameters
// are not LtsMdp::Solvable. CANCELLED: `stop` said so, and the part is computed when next asked for.
class LtsReference {
 public:
  // `options` have passed Validate.
  explicit LtsReference(const LongTermSatisfactionOptions& options);

  struct Solution {
    LtsMdp mdp;
    LtsMdp::Optimum optimum;
  };

  bool solvable() const { return solvable_; }
  // nullptr where not solvable; lives as long as this. Some 20 ms.
  absl::StatusOr<const Solution*> Solve(const StopQuestion& stop = {}) const;
  absl::StatusOr<std::optional<double>> RandomValue(const StopQuestion& stop = {}) const;
  // Target as documents have it; nullptr where not solvable. Some 150 ms.
  absl::StatusOr<const LtsMdp::Constant*> BestConstant(const StopQuestion& stop = {}) const;

 private:
  const LongTermSatisfactionOptions options_;
  const bool solvable_;
  mutable Lazy<Solution> solution_;
  mutable Lazy<LtsMdp::Constant> constant_;
};

// Shows the K candidates whose clickbait is nearest to a target, nearest first: 1 is the most clickbait, which is the
// myopic choice, 0 the least.
class NearestClickbaitPolicy final : public Policy {
 public:
  NearestClickbaitPolicy(const EnvironmentSpec& spec, double target);
  // The target of the best constant (LtsReference::BestConstant), found at the first Act where it was not before;
  // `reference` is solvable.
  NearestClickbaitPolicy(const EnvironmentSpec& spec, std::shared_ptr<const LtsReference> reference);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  const EnvironmentSpec spec_;
  const std::shared_ptr<const LtsReference> reference_;  // nullptr: target_ is given.
  double target_ = 0;
  std::vector<double> scores_;  // [N]
};

// The optimum of LtsMdp, for a policy that knows everybody's exposure: it draws each user's start and each innovation
// again from the streams they come from, and follows what was shown (Observe, or its own slate where that is not
// called). A user met in the middle of an episode is taken for one with exposure 0 then.
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
    double exposure = 0;      // There.
    double clickbait = -1;    // Consumed there; -1: nobody has been followed yet.
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
