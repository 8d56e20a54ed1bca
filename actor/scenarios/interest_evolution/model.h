// Interest evolution (RecSim; Ie et al. 2019, arXiv:1905.12767, section 6): a user with a budget of time watches
// videos. A watched video pulls the interests towards itself or pushes them away. Good videos give time back; poor
// ones, and slates without a click, use it up. The user leaves when the budget is spent. Formulas: dynamics.h.
//
// The policy sees interests, float32 [F], and each candidate's features, float32 [N, F]; qualities and the time left
// are hidden. Responses: click, watch_time (minutes), liked (always 0), quality, cluster_id, for every video shown. An
// empty slate is a step without a click. With choice models that allow several clicks, watch times and rewards add up,
// and the clicks change the user in slate order.
//
// Differences from RecSim: users and videos come from independent random streams; observations are copies; all clusters
// have a mean quality; videos of the uniform sampler belong to the cluster of their largest feature, and are not
// shorter than 0; choice models that could not weigh every score are refused when the scenario is made.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/scenario.h"
#include "actor/recsim/scenario_metrics.h"
#include "actor/recsim/slate.h"
#include "actor/scenarios/interest_evolution/dynamics.h"
#include "actor/scenarios/interest_evolution/options.h"
#include "actor/scenarios/interest_evolution/videos.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

// A Model (model.h).
class InterestEvolutionModel {
 public:
  using Options = InterestEvolutionOptions;
  static constexpr size_t kMaxFeatures = Options::kMaxFeatures;
  static constexpr int kDrawsPerDocument = 1;

  struct User {
    double time_budget = 0;
    std::array<double, kMaxFeatures> interests{};  // The first F count.
  };
  struct Document {
    uint32_t video = 0;  // See videos.h.
  };
  struct Response {
    uint64_t clicks;  // Bit i: position i of the slate. The arrays are set up to the size of the slate.
    std::array<double, ChoiceModel::kMaxSlate> watch_time, quality;
    std::array<uint32_t, ChoiceModel::kMaxSlate> cluster;
    int size;
  };

  static absl::Status Validate(const Options& options) { return recbots::Validate(options); }
  explicit InterestEvolutionModel(const Options& options);

  const Options& options() const { return options_; }
  const EnvironmentSpec& spec() const { return spec_; }
  CandidateRefresh candidate_refresh() const { return options_.candidate_refresh; }

  User SampleUser(Rng& draws) const;
  Document SampleDocument(Rng& draws) const { return {draws.Bits()}; }
  Response Respond(const User& user, const Slate<Document>& slate, Rng& draws) const;
  void Update(const Slate<Document>& slate, const Response& response, Rng& draws, User& user) const;
  bool IsTerminal(const User& user) const { return IsSpent(user.time_budget); }
  double Reward(const Response& response) const {
    return options_.reward == EvolutionReward::kClicks
               ? ClickReward(response.clicks)
               : WatchTimeReward(response.clicks, response.watch_time.data(), static_cast<size_t>(response.size));
  }

  void WriteObservation(const User& user, float* features) const {
    for (size_t k = 0; k < num_features_; ++k) features[k] = static_cast<float>(user.interests[k]);
  }
  void WriteDocument(const Document& document, float* features) const {
    if (clusters_) {
      features[VideoCluster(document.video, num_clusters_)] = 1.0f;
    } else {
      WriteUniform(document, features);
    }
  }
  void WriteResponse(const Slate<Document>& slate, const Response& response, float* fields) const {
    const auto size = static_cast<size_t>(slate.size());
    for (size_t i = 0; i < size; ++i, fields += std::size(kVideoResponseFields)) {
      WriteVideoResponse((response.clicks >> i & 1) != 0, response.watch_time[i], response.quality[i],
                         response.cluster[i], fields);
    }
  }

  // RecSim's video metrics; videos of the uniform sampler count for the cluster of their largest feature.
  std::unique_ptr<ScenarioMetrics> MakeMetrics() const;

  // "myopic" and, if videos belong to clusters, "mean_quality" and "fractional" (policies.h).
  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;

  // The quality of a video, which follows from its cluster and its number.
  double Quality(uint32_t cluster, uint32_t video) const {
    return cluster_means_[cluster] + options_.quality_stddev * VideoNormal(video, num_clusters_);
  }

 private:
  void WriteUniform(const Document& document, float* features) const;
  void RespondToUniform(const User& user, const Slate<Document>& slate, Rng& draws, Response& response) const;
  void UpdateUniform(const Slate<Document>& slate, const Response& response, Rng& draws, User& user) const;

  const Options options_;
  const EnvironmentSpec spec_;
  const ChoiceModel choice_;
  const InterestDynamics dynamics_;
  const bool clusters_;
  const uint32_t num_clusters_;
  const size_t num_features_;
  const std::vector<double> cluster_means_;
};

inline InterestEvolutionModel::Response InterestEvolutionModel::Respond(const User& user, const Slate<Document>& slate,
                                                                        Rng& draws) const {
  Response response;
  response.size = slate.size();
  if (!clusters_) {
    RespondToUniform(user, slate, draws, response);
    return response;
  }
  const auto size = static_cast<size_t>(slate.size());
  OneHot features[ChoiceModel::kMaxSlate];
  double lengths[ChoiceModel::kMaxSlate];
  for (size_t i = 0; i < size; ++i) {
    const uint32_t video = slate[static_cast<int>(i)].video;
    features[i].index = response.cluster[i] = VideoCluster(video, num_clusters_);
    response.quality[i] = Quality(features[i].index, video);
    lengths[i] = options_.video_length;
  }
  response.clicks = WatchVideos(
      choice_, user.interests.data(), user.time_budget, ShownVideos<OneHot>{features, lengths, size},
      [&draws] { return draws.Uniform(); }, response.watch_time.data());
  return response;
}

inline void InterestEvolutionModel::Update(const Slate<Document>& slate, const Response& response, Rng& draws,
                                           User& user) const {
  if (response.clicks == 0) {
    user.time_budget = BudgetAfterNoClick(dynamics_, user.time_budget);
    return;
  }
  if (!clusters_) return UpdateUniform(slate, response, draws, user);
  for (uint64_t left = response.clicks; left != 0; left &= left - 1) {
    const auto i = static_cast<size_t>(std::countr_zero(left));
    ApplyClick(dynamics_, choice_, OneHot{response.cluster[i]}, {response.quality[i], response.watch_time[i]},
               draws.Uniform(), {user.interests.data(), user.time_budget});
  }
}

}  // namespace recbots
