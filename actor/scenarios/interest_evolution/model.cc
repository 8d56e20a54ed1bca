#include "actor/scenarios/interest_evolution/model.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "actor/recsim/video_cluster_metrics.h"
#include "actor/scenarios/interest_evolution/policies.h"

namespace recbots {
namespace {

double LongestVideo(const InterestEvolutionOptions& options) {
  return options.video_sampler == VideoSampler::kClusters ? options.video_length : options.max_video_length;
}

EnvironmentSpec SpecOf(const InterestEvolutionOptions& options, const ChoiceModel& choice) {
  EnvironmentSpec spec;
  spec.name = "interest_evolution";
  spec.num_user_features = options.num_features;
  spec.num_candidates = options.num_candidates;
  spec.num_candidate_features = options.num_features;
  spec.slate_size = options.slate_size;
  spec.min_slate_size = 0;
  spec.response_fields.assign(std::begin(kVideoResponseFields), std::end(kVideoResponseFields));
  spec.fixed_catalogue = options.candidate_refresh == CandidateRefresh::kNever;
  spec.num_clusters = options.video_sampler == VideoSampler::kClusters ? options.num_features : 0;
  const double clicks = choice.single_click() ? 1 : options.slate_size;
  spec.min_reward = 0;
  spec.max_reward = options.reward == EvolutionReward::kClicks ? clicks : clicks * LongestVideo(options);
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

uint32_t LargestFeature(absl::Span<const double> features) {
  return static_cast<uint32_t>(std::max_element(features.begin(), features.end()) - features.begin());
}

}  // namespace

InterestEvolutionModel::InterestEvolutionModel(const Options& options)
    : options_(WithUserSampler(options)),
      spec_(SpecOf(options_, ChoiceModel::Create(options_.choice).value())),
      choice_(ChoiceModel::Create(options_.choice).value()),
      dynamics_(options_.dynamics()),
      clusters_(options_.video_sampler == VideoSampler::kClusters),
      num_clusters_(static_cast<uint32_t>(options_.num_features)),
      num_features_(static_cast<size_t>(options_.num_features)),
      cluster_means_(ClusterMeans(options_.num_features, options_.min_utility, options_.max_utility)) {}

InterestEvolutionModel::User InterestEvolutionModel::SampleUser(Rng& draws) const {
  User user;
  user.time_budget = options_.time_budget;
  for (size_t k = 0; k < num_features_; ++k) user.interests[k] = draws.Uniform(-1, 1);
  return user;
}

void InterestEvolutionModel::WriteUniform(const Document& document, float* features) const {
  double values[kMaxFeatures];
  UniformVideoFeatures(document.video, options_.min_feature, options_.max_feature, {values, num_features_});
  for (size_t k = 0; k < num_features_; ++k) features[k] = static_cast<float>(values[k]);
}

void InterestEvolutionModel::RespondToUniform(const User& user, const Slate<Document>& slate, Rng& draws,
                                              Response& response) const {
  const auto size = static_cast<size_t>(slate.size());
  double values[ChoiceModel::kMaxSlate * kMaxFeatures];
  double lengths[ChoiceModel::kMaxSlate];
  Dense features[ChoiceModel::kMaxSlate];
  for (size_t i = 0; i < size; ++i) {
    const absl::Span<double> video(values + i * num_features_, num_features_);
    const uint32_t number = slate[static_cast<int>(i)].video;
    UniformVideoFeatures(number, options_.min_feature, options_.max_feature, video);
    lengths[i] = std::clamp(options_.video_length_mean + options_.video_length_stddev * UniformVideoLength(number), 0.0,
                            options_.max_video_length);
    features[i] = video;
    response.cluster[i] = LargestFeature(video);
    response.quality[i] = options_.video_quality;
  }
  response.clicks = WatchVideos(
      choice_, user.interests.data(), user.time_budget, ShownVideos<Dense>{features, lengths, size},
      [&draws] { return draws.Uniform(); }, response.watch_time.data());
}

void InterestEvolutionModel::UpdateUniform(const Slate<Document>& slate, const Response& response, Rng& draws,
                                           User& user) const {
  double values[kMaxFeatures];
  for (uint64_t left = response.clicks; left != 0; left &= left - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(left));
    const absl::Span<double> video(values, num_features_);
    UniformVideoFeatures(slate[static_cast<int>(i)].video, options_.min_feature, options_.max_feature, video);
    ApplyClick(dynamics_, choice_, Dense(video), {response.quality[i], response.watch_time[i]}, draws.Uniform(),
               {user.interests.data(), user.time_budget});
  }
}

std::unique_ptr<ScenarioMetrics> InterestEvolutionModel::MakeMetrics() const {
  EnvironmentSpec spec = spec_;
  spec.num_clusters = options_.num_features;  // Even if candidates are not one-hot.
  return MakeVideoClusterMetrics(spec);
}

std::vector<ReferencePolicy> InterestEvolutionModel::MakeReferencePolicies(const EnvironmentSpec& spec,
                                                                           uint64_t) const {
  std::vector<ReferencePolicy> policies;
  policies.push_back({"myopic", std::make_unique<MyopicPolicy>(spec)});
  if (!clusters_) return policies;  // All videos have the same quality.
  policies.push_back({"mean_quality", std::make_unique<MeanQualityPolicy>(spec, cluster_means_)});
  if (FractionalPolicy::Knows(choice_)) {
    policies.push_back({"fractional", std::make_unique<FractionalPolicy>(spec, options_)});
  }
  return policies;
}

}  // namespace recbots
