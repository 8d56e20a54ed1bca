#include "actor/scenarios/interest_evolution/policies.h"

#include <algorithm>
#include <limits>

#include "actor/scenarios/interest_evolution/videos.h"
#include "common/base/log.h"
#include "common/policies/greedy_slate.h"

namespace recbots {

double BestFractionalSlate(absl::Span<const double> weights, absl::Span<const double> values, double none_weight,
                           double none_value, absl::Span<int32_t> slate, FractionalScratch& scratch) {
  scratch.gains.resize(weights.size());
  scratch.best.resize(slate.size());
  const auto value_of = [&](const std::vector<int32_t>& items) {
    double numerator = none_weight * none_value, denominator = none_weight;
    for (const int32_t item : items) {
      numerator += weights[static_cast<size_t>(item)] * values[static_cast<size_t>(item)];
      denominator += weights[static_cast<size_t>(item)];
    }
    return denominator > 0 ? numerator / denominator : none_value;
  };
  double lambda = none_value, best = -std::numeric_limits<double>::infinity();
  while (true) {
    for (size_t i = 0; i < weights.size(); ++i) scratch.gains[i] = weights[i] * (values[i] - lambda);
    GreedySlate(scratch.gains, absl::MakeSpan(scratch.best));
    lambda = value_of(scratch.best);
    if (!(lambda > best)) return best;  // The previous slate was optimal already.
    best = lambda;
    std::copy(scratch.best.begin(), scratch.best.end(), slate.begin());
  }
}

InterestPolicy::InterestPolicy(const EnvironmentSpec& spec)
    : num_features_(static_cast<size_t>(spec.num_user_features)),
      num_candidates_(static_cast<size_t>(spec.num_candidates)),
      slate_size_(static_cast<size_t>(spec.slate_size)) {}

void InterestPolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t users = input.positions.size();
  RECBOTS_CHECK(input.observation.size() == users * num_features_ &&
                input.candidates.size() == users * num_candidates_ * num_features_ &&
                output.slates.size() == users * slate_size_)
      << users << " users, observation " << input.observation.size() << ", candidates " << input.candidates.size()
      << ", slates " << output.slates.size();
  for (size_t i = 0; i < users; ++i) {
    Choose(input.observation.data() + i * num_features_, input.candidates.data() + i * num_candidates_ * num_features_,
           output.slates.subspan(i * slate_size_, slate_size_));
  }
  std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
  std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
}

double InterestPolicy::Score(const float* interests, const float* candidate) const {
  double sum = 0;
  for (size_t k = 0; k < num_features_; ++k) sum += double{interests[k]} * double{candidate[k]};
  return sum;
}

size_t InterestPolicy::Cluster(const float* candidate) const {
  return static_cast<size_t>(std::find_if(candidate, candidate + num_features_ - 1, [](float f) { return f != 0; }) -
                             candidate);
}

void MyopicPolicy::Choose(const float* interests, const float* candidates, absl::Span<int32_t> slate) {
  const size_t features = num_features();
  for (size_t i = 0; i < scores_.size(); ++i) scores_[i] = Score(interests, candidates + i * features);
  GreedySlate(scores_, slate);
}

void MeanQualityPolicy::Choose(const float*, const float* candidates, absl::Span<int32_t> slate) {
  const size_t features = num_features();
  for (size_t i = 0; i < qualities_.size(); ++i) qualities_[i] = cluster_means_[Cluster(candidates + i * features)];
  GreedySlate(qualities_, slate);
}

FractionalPolicy::FractionalPolicy(const EnvironmentSpec& spec, const InterestEvolutionOptions& options)
    : InterestPolicy(spec),
      options_(options),
      choice_(ChoiceModel::Create(options.choice).value()),
      cluster_means_(ClusterMeans(options.num_features, options.min_utility, options.max_utility)),
      weights_(num_candidates()),
      values_(num_candidates()) {}

void FractionalPolicy::Choose(const float* interests, const float* candidates, absl::Span<int32_t> slate) {
  const size_t features = num_features();
  for (size_t i = 0; i < weights_.size(); ++i) weights_[i] = Score(interests, candidates + i * features);
  double none = 0;
  const absl::Status status = choice_.Weigh(weights_, absl::MakeSpan(weights_), none);
  RECBOTS_CHECK(status.ok()) << status.message();
  const bool proportional = choice_.options().kind == ChoiceKind::kMultinomialProportional;
  const double length = options_.video_length, rho = options_.fractional_rho;
  const double reward = options_.reward == EvolutionReward::kClicks ? 1 : length;
  const InterestDynamics dynamics = options_.dynamics();
  for (size_t i = 0; i < weights_.size(); ++i) {
    const double alone = proportional ? weights_[i] : weights_[i] / (weights_[i] + none);
    const double quality = cluster_means_[Cluster(candidates + i * features)];
    values_[i] = reward + rho * BudgetAfterWatching(dynamics, /*time_budget=*/0, length, alone, quality);
  }
  BestFractionalSlate(weights_, values_, none, -rho * options_.step_penalty, slate, scratch_);
}

}  // namespace recbots
