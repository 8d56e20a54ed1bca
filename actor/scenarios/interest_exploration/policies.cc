// The reference policies of interest exploration, and the value of random slates.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "actor/scenarios/interest_exploration/model.h"
#include "common/agents/greedy_pctr.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/greedy_slate.h"
#include "common/slate/item_weights.h"

namespace recbots {
namespace {

using Options = InterestExplorationOptions;
using Model = InterestExplorationModel;

// Knows every user, because it repeats the draws from the user's own random stream.
class OraclePolicy final : public Policy {
 public:
  OraclePolicy(const Model& model, uint64_t seed)
      : model_(model),
        seed_(seed),
        weights_(static_cast<size_t>(model.spec().num_candidate_features), 1.0),
        scores_(static_cast<size_t>(model.spec().num_candidates)) {}

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    const size_t num_users = input.positions.size();
    const size_t row = scores_.size() * weights_.size();
    const auto slate_size = static_cast<size_t>(model_.spec().slate_size);
    RECBOTS_CHECK(input.candidates.size() == num_users * row && output.slates.size() == num_users * slate_size)
        << "candidates " << input.candidates.size() << ", slates " << output.slates.size() << ", users " << num_users;
    for (size_t user = 0; user < num_users; ++user) {
      Rng draws(seed_, Purpose::kUser, {input.positions[user].stream, input.positions[user].episode, 0});
      const Model::User known = model_.SampleUser(draws);
      std::copy_n(known.affinity.begin(), weights_.size() - 1, weights_.begin());
      LinearScores(absl::MakeConstSpan(weights_), input.candidates.subspan(user * row, row), absl::MakeSpan(scores_));
      GreedySlate(scores_, output.slates.subspan(user * slate_size, slate_size));
    }
    std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
    std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  }

 private:
  const Model model_;
  const uint64_t seed_;
  std::vector<double> weights_;  // Scratch [T + 1]: the affinities, and 1 for quality.
  std::vector<double> scores_;   // Scratch [N].
};

// The mean probability that a user of this type clicks a document of this topic shown alone, by the trapezoidal rule
// over both normals, which converges faster than any power of the step (Trefethen and Weideman 2014, section 4).
double ClickRate(const Options& options, const ChoiceModel& choice, size_t cell, size_t topic, int points_per_unit) {
  constexpr int kReach = 9;  // The probability beyond this many standard deviations is below 1e-18.
  const double step = 1.0 / points_per_unit;
  const int reach = kReach * points_per_unit;
  std::vector<double> weight, affinity, quality;
  for (int i = -reach; i <= reach; ++i) {
    const double normal = i * step;
    weight.push_back(step / std::sqrt(2 * 3.14159265358979323846) * std::exp(-0.5 * normal * normal));
    affinity.push_back(std::exp(options.affinity_log_mean[cell] + normal * options.affinity_log_stddev[cell]));
    quality.push_back(
        std::exp(options.topic_quality_log_mean[topic] + normal * options.topic_quality_log_stddev[topic]));
  }
  double mean = 0;
  for (size_t i = 0; i < weight.size(); ++i) {
    for (size_t j = 0; j < weight.size(); ++j) {
      const double score = affinity[i] + quality[j];
      double click = 0;
      choice.Probabilities({&score, 1}, {&click, 1}).IgnoreError();  // Scores have passed CheckScores.
      mean += weight[i] * weight[j] * click;
    }
  }
  return mean;
}

}  // namespace

std::vector<ReferencePolicy> InterestExplorationModel::MakeReferencePolicies(const EnvironmentSpec& spec,
                                                                             uint64_t seed) const {
  std::vector<double> prior = PriorAffinity(options_.user_type_distribution, options_.affinity_log_mean);
  prior.push_back(1);
  std::vector<double> quality(num_topics_ + 1, 0.0);
  quality.back() = 1;
  const auto greedy = [&spec](std::vector<double> weights, ChoiceModel choice) {
    return std::make_unique<GreedyPctrPolicy>(std::move(weights), std::move(choice), spec.num_candidates,
                                              spec.slate_size);
  };
  std::vector<ReferencePolicy> policies;
  policies.push_back({"greedy", greedy(std::move(prior), choice_model_)});
  // With a logit that always clicks, the order of the predicted click rates is that of the qualities.
  policies.push_back({"greedy_quality", greedy(std::move(quality), ChoiceModel::Create({}).value())});
  policies.push_back({"oracle", std::make_unique<OraclePolicy>(*this, seed)});
  return policies;
}

absl::StatusOr<std::optional<double>> InterestExplorationModel::RandomValue(const StopQuestion& stop) const {
  if (options_.slate_size > 1 || options_.candidate_refresh == CandidateRefresh::kNever) return std::nullopt;
  const size_t cells = options_.affinity_log_mean.size();
  double previous = std::numeric_limits<double>::quiet_NaN();
  for (int points_per_unit = 4; points_per_unit <= 64; points_per_unit *= 2) {
    const double points = 18.0 * points_per_unit;
    if (static_cast<double>(cells) * points * points > 3e7) return std::nullopt;  // It would take more than a second.
    double rate = 0;
    for (size_t cell = 0; cell < cells; ++cell) {
      RECBOTS_RETURN_IF_ERROR(CheckStop(stop));
      const size_t topic = cell % num_topics_;
      const double share = options_.user_type_distribution[cell / num_topics_] * options_.topic_distribution[topic];
      if (share > 0) rate += share * ClickRate(options_, choice_model_, cell, topic, points_per_unit);
    }
    if (std::abs(rate - previous) < 1e-11) return rate * options_.max_episode_steps;
    previous = rate;
  }
  return std::nullopt;
}

}  // namespace recbots
