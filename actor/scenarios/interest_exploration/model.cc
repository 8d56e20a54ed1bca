#include "actor/scenarios/interest_exploration/model.h"

#include <algorithm>

namespace recbots {
namespace {

using Options = InterestExplorationOptions;

EnvironmentSpec SpecOf(const Options& options) {
  const auto topics = static_cast<int>(options.topic_distribution.size());
  EnvironmentSpec spec;
  spec.name = "interest_exploration";
  spec.num_candidates = options.num_candidates;
  spec.num_candidate_features = topics + 1;
  spec.slate_size = options.slate_size;
  spec.response_fields = {"click", "quality", "cluster_id"};
  spec.fixed_catalogue = options.candidate_refresh == CandidateRefresh::kNever;
  spec.num_clusters = topics;
  spec.quality_feature = topics;
  spec.min_reward = 0;
  spec.max_reward = ChoiceModel::Create(options.choice)->single_click() ? 1 : options.slate_size;
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

// Cumulative probabilities. They are exactly 1 from the last index with a positive probability on, despite rounding.
std::vector<double> Cumulate(const std::vector<double>& distribution) {
  std::vector<double> cumulative(distribution.size());
  double sum = 0;
  size_t last = 0;
  for (size_t i = 0; i < distribution.size(); ++i) {
    cumulative[i] = sum += distribution[i];
    if (distribution[i] > 0) last = i;
  }
  std::fill(cumulative.begin() + static_cast<std::ptrdiff_t>(last), cumulative.end(), 1.0);
  return cumulative;
}

}  // namespace

std::vector<double> PriorAffinity(absl::Span<const double> type_distribution, absl::Span<const double> log_mean) {
  const size_t topics = log_mean.size() / type_distribution.size();
  std::vector<double> prior(topics, 0.0);
  for (size_t type = 0; type < type_distribution.size(); ++type) {
    for (size_t topic = 0; topic < topics; ++topic) {
      prior[topic] += type_distribution[type] * log_mean[type * topics + topic];
    }
  }
  return prior;
}

InterestExplorationModel::InterestExplorationModel(const Options& options)
    : options_(options),
      spec_(SpecOf(options_)),
      choice_model_(ChoiceModel::Create(options_.choice).value()),
      num_topics_(options_.topic_distribution.size()),
      cumulative_topics_(Cumulate(options_.topic_distribution)),
      cumulative_types_(Cumulate(options_.user_type_distribution)) {}

InterestExplorationModel::User InterestExplorationModel::SampleUser(Rng& draws) const {
  const size_t row = static_cast<size_t>(Sample(cumulative_types_, draws.Uniform())) * num_topics_;
  User user{};
  for (size_t topic = 0; topic < num_topics_; ++topic) {
    user.affinity[topic] = FastExp(options_.affinity_log_mean[row + topic] +
                                   options_.affinity_log_stddev[row + topic] * FastNormal(draws));
  }
  return user;
}

}  // namespace recbots
