// Users who click on each topic with its own fixed probability: small enough that what a bandit should do is known.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "common/base/random.h"
#include "common/rl/environment.h"

namespace recbots::testing {

// N candidates, those at i of topic i mod C, with random qualities that mean nothing; new ones at every step. A shown
// item of topic c is clicked with click_rates[c], independently. Reward: clicks. Episodes are cut after `max_steps`
// steps.
class TopicEnvironment final : public Environment {
 public:
  TopicEnvironment(std::vector<double> click_rates, int num_candidates, int slate_size, int max_steps, int num_users,
                   bool fixed_documents = false)
      : click_rates_(std::move(click_rates)),
        fixed_documents_(fixed_documents),
        positions_(static_cast<size_t>(num_users)) {
    spec_.name = "topics";
    spec_.num_candidates = num_candidates;
    spec_.num_clusters = static_cast<int>(click_rates_.size());
    spec_.num_candidate_features = spec_.num_clusters + 1;
    spec_.quality_feature = spec_.num_clusters;
    spec_.slate_size = slate_size;
    spec_.response_fields = {"quality", "click", "cluster_id"};
    spec_.fixed_catalogue = false;
    spec_.max_reward = slate_size;
    spec_.max_episode_steps = max_steps;
    for (size_t i = 0; i < positions_.size(); ++i) positions_[i].stream = static_cast<uint32_t>(i);
  }

  const EnvironmentSpec& spec() const override { return spec_; }
  int num_users() const override { return static_cast<int>(positions_.size()); }
  absl::Span<const StreamPosition> positions() const override { return positions_; }

  void Reset(absl::Span<float> /*observation*/, absl::Span<float> candidates) override {
    for (size_t user = 0; user < positions_.size(); ++user) {
      positions_[user].episode += started_ ? 1 : 0;
      positions_[user].step = 0;
      WriteCandidates(positions_[user], RowOf(user, candidates));
    }
    started_ = true;
  }

  absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) override {
    const auto slate_size = static_cast<size_t>(spec_.slate_size);
    std::fill(out.response.begin(), out.response.end(), 0.0f);
    for (size_t user = 0; user < positions_.size(); ++user) {
      Rng draws(1, Purpose::kChoice, positions_[user]);
      out.reward[user] = 0;
      for (size_t k = 0; k < slate_size && slates[user * slate_size + k] >= 0; ++k) {
        const size_t topic = static_cast<size_t>(slates[user * slate_size + k]) % click_rates_.size();
        const bool click = draws.Uniform() < click_rates_[topic];
        float* const fields = out.response.data() + (user * slate_size + k) * 3;
        fields[1] = click ? 1.0f : 0.0f;
        fields[2] = static_cast<float>(topic);
        out.reward[user] += fields[1];
      }
      StreamPosition& position = positions_[user];
      ++position.step;
      WriteCandidates(position, RowOf(user, out.next_candidates));
      out.terminated[user] = 0;
      out.truncated[user] = position.step == static_cast<uint32_t>(spec_.max_episode_steps) ? 1 : 0;
      if (out.truncated[user] != 0) position = {position.stream, position.episode + 1, 0};
      WriteCandidates(position, RowOf(user, out.candidates));
      out.active[user] = 1;
    }
    return absl::OkStatus();
  }

 private:
  absl::Span<float> RowOf(size_t user, absl::Span<float> candidates) const {
    const auto width = static_cast<size_t>(spec_.num_candidates * spec_.num_candidate_features);
    return candidates.subspan(user * width, width);
  }
  void WriteCandidates(const StreamPosition& position, absl::Span<float> row) const {
    Rng draws(1, Purpose::kDocument, fixed_documents_ ? StreamPosition{} : position);
    std::fill(row.begin(), row.end(), 0.0f);
    for (int i = 0; i < spec_.num_candidates; ++i) {
      float* const features = row.data() + i * spec_.num_candidate_features;
      features[i % spec_.num_clusters] = 1;
      features[spec_.num_clusters] = static_cast<float>(draws.Uniform());
    }
  }

  const std::vector<double> click_rates_;
  const bool fixed_documents_;
  EnvironmentSpec spec_;
  std::vector<StreamPosition> positions_;
  bool started_ = false;
};

}  // namespace recbots::testing
