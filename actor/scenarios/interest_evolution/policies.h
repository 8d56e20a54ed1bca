// Reference policies of interest evolution. They see what any policy sees, know the model, and are deterministic:
// always K items, best first, ties to the lower position.
//
//   myopic        the K candidates with the greatest scores I f for this user. If the choice model picks one item of
//                 all, this makes a click as likely as possible; the policy does not look at qualities
//   mean_quality  the K candidates whose clusters have the best mean qualities, whatever the user likes
//   fractional    the slate A that maximises the expected reward of a step less the value of the time it costs,
//
//                   ( sum_A w_i v_i + w_0 v_0 ) / ( sum_A w_i + w_0 ),   v_i = r_i - rho c_i,   v_0 = -rho c_0
//
//                 with w the weights in the choice model (0: no click), r_i the reward of a click, c_i = length - alpha
//                 length quality_i its mean cost in time, c_0 the step penalty, and rho the value of a minute.
//                 Minutes are the scarce resource. If slates changed nothing else, rho would be return / time_budget:
//                 1.40 with 10 candidates and slates of 3, where no better policy is known. With more candidates users
//                 come to like what they are shown: then 1.4 is still about the best value, although return /
//                 time_budget is far from it. Choice models: logit and proportional
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "actor/scenarios/interest_evolution/options.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"
#include "common/slate/choice_model.h"

namespace recbots {

// Working memory of BestFractionalSlate.
struct FractionalScratch {
  std::vector<double> gains;
  std::vector<int32_t> best;
};

// The slate of k = slate.size() items that maximises (sum w_i v_i + w_0 v_0) / (sum w_i + w_0), weights >= 0, and its
// value. Exact: for a given lambda the slate with the greatest sum w_i (v_i - lambda) has the k largest terms, and if
// lambda is repeatedly set to the value of that slate, it rises to the maximum in a few rounds (Dinkelbach 1967).
double BestFractionalSlate(absl::Span<const double> weights, absl::Span<const double> values, double none_weight,
                           double none_value, absl::Span<int32_t> slate, FractionalScratch& scratch);

// Chooses user by user. Not thread-safe, as all policies.
class InterestPolicy : public Policy {
 public:
  explicit InterestPolicy(const EnvironmentSpec& spec);
  FeedbackNeeds feedback_needs() const final { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) final;

 protected:
  // Fills the slate [K] of one user, from its interests [F] and candidates [N, F].
  virtual void Choose(const float* interests, const float* candidates, absl::Span<int32_t> slate) = 0;

  size_t num_candidates() const { return num_candidates_; }
  size_t num_features() const { return num_features_; }
  double Score(const float* interests, const float* candidate) const;  // I f
  size_t Cluster(const float* candidate) const;                        // `candidate` is one-hot.

 private:
  const size_t num_features_, num_candidates_, slate_size_;
};

class MyopicPolicy final : public InterestPolicy {
 public:
  explicit MyopicPolicy(const EnvironmentSpec& spec) : InterestPolicy(spec), scores_(num_candidates()) {}

 private:
  void Choose(const float* interests, const float* candidates, absl::Span<int32_t> slate) override;

  std::vector<double> scores_;
};

class MeanQualityPolicy final : public InterestPolicy {
 public:
  MeanQualityPolicy(const EnvironmentSpec& spec, std::vector<double> cluster_means)
      : InterestPolicy(spec), cluster_means_(std::move(cluster_means)), qualities_(num_candidates()) {}

 private:
  void Choose(const float* interests, const float* candidates, absl::Span<int32_t> slate) override;

  const std::vector<double> cluster_means_;
  std::vector<double> qualities_;
};

class FractionalPolicy final : public InterestPolicy {
 public:
  // Whether the choice model has weights that do not depend on the rest of the slate.
  static bool Knows(const ChoiceModel& choice) {
    return choice.options().kind == ChoiceKind::kMultinomialLogit ||
           choice.options().kind == ChoiceKind::kMultinomialProportional;
  }

  // `options` have passed Validate and WithUserSampler; Knows() is true of their choice model.
  FractionalPolicy(const EnvironmentSpec& spec, const InterestEvolutionOptions& options);

 private:
  void Choose(const float* interests, const float* candidates, absl::Span<int32_t> slate) override;

  const InterestEvolutionOptions options_;
  const ChoiceModel choice_;
  const std::vector<double> cluster_means_;
  std::vector<double> weights_, values_;
  FractionalScratch scratch_;
};

}  // namespace recbots
