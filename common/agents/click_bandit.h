// A bandit over policies: each policy is an arm, and clicks decide which arms are shown.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/bandits/bandit.h"
#include "common/agents/click_bandit_slate.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

struct ClickBanditOptions {
  BanditOptions bandit;
  ArmTies ties = ArmTies::kRandom;
  // Repeats a flaw of RecSim's layer, which does not ask its bandit at the first step of an episode: the arms come in
  // the order of their numbers, whatever is known of them. Needed only to repeat published numbers.
  bool legacy_first_step = false;

  template <typename F>
  void ForEachField(F&& f) {
    f("bandit", bandit);
    f("ties", ties);
    f("legacy_first_step", legacy_first_step);
  }
};

// Reads pulls and clicks of its A arms from the end of the observation, float32 [B, U + 2 A] (SufficientStatistics over
// ClusterClickStatistics puts them there), scores the arms with the bandit at t = sum of pulls, and shows the lists of
// the best arms (ArmSlateBuilder says how, also for lists that are too short). As long as some arm has no pulls, the
// arms with the fewest pulls come first instead.
//
// Arms are policies that answer with lists of up to K candidates, best first; a list may be empty. At every step all
// arms act on the same input, and all observe.
//
// Probabilities are exact: 1, or the value of ArmSlateBuilder if arms are tied. They are NaN if the draws of Thompson
// sampling decided, because the probability of such an order of the arms has no closed form, and if an arm is not
// certain of its list.
//
// Uses one stream of draws per user and step, for indices and ties (policy_seed.h), and keeps no state of users.
// Allocates only when the number of users grows.
class AbstractClickBandit final : public Policy {
 public:
  // INVALID_ARGUMENT: there are fewer than two arms, or an option of the bandit is out of bounds.
  static absl::StatusOr<std::unique_ptr<AbstractClickBandit>> Create(const ClickBanditOptions& options, uint64_t seed,
                                                                     const EnvironmentSpec& spec,
                                                                     std::vector<std::unique_ptr<Policy>> arms);

  bool learns() const override;
  FeedbackNeeds feedback_needs() const override;  // The needs of its arms.
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  void Observe(const PolicyFeedback& feedback) override;

 private:
  AbstractClickBandit(const ClickBanditOptions& options, uint64_t seed, const EnvironmentSpec& spec,
                      std::unique_ptr<Bandit> bandit, std::vector<std::unique_ptr<Policy>> arms);

  // Fills lists_ and certain_.
  void AskArms(const PolicyInput& input);
  // Fills keys_ from counts float32 [2, A]; returns whether the keys are random.
  bool ScoreArms(absl::Span<const float> counts, Rng& draws);

  const ClickBanditOptions options_;
  const uint64_t seed_;
  const size_t slate_size_;
  const std::unique_ptr<Bandit> bandit_;
  const std::vector<std::unique_ptr<Policy>> arms_;
  ArmSlateBuilder builder_;
  std::vector<int32_t> lists_;                 // [A, B, K]
  std::vector<uint8_t> certain_;               // [B]: all arms are certain of their lists
  std::vector<float> arm_probability_;         // Scratch [B].
  std::vector<double> pulls_, clicks_, keys_;  // Scratch [A].
};

}  // namespace recbots
