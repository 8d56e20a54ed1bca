// A small scenario with everything that logs and reports can meet: sessions, short and empty slates, clusters, metrics,
// episodes of different lengths, terminated and truncated ones. And policies for it.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "actor/recsim/video_cluster_metrics.h"
#include "common/base/log.h"
#include "common/policies/policy.h"

namespace recbots::testing {

// Five videos of three clusters, slates of up to two. A user clicks a shown video with a probability that falls with
// the position and pays its quality; leaves with probability `exit_probability` after each step.
class FakeVideosModel {
 public:
  struct Options {
    double exit_probability = 0.2;
    int max_episode_steps = 12;
    int min_slate_size = 2;
  };
  struct User {
    double mood = 0;
    bool left = false;
  };
  struct Document {
    int cluster = 0;
    double quality = 0;
  };
  struct Response {
    int clicked = -1;
    double reward = 0;
  };

  static absl::Status Validate(const Options&) { return absl::OkStatus(); }
  explicit FakeVideosModel(const Options& options) : options_(options) {
    spec_.name = "fake_videos";
    spec_.num_user_features = 2;
    spec_.num_candidates = 5;
    spec_.num_candidate_features = 4;
    spec_.slate_size = 2;
    spec_.min_slate_size = options.min_slate_size;
    spec_.response_fields = {"click", "quality", "cluster_id"};
    spec_.num_clusters = 3;
    spec_.quality_feature = 3;
    spec_.max_episode_steps = options.max_episode_steps;
  }
  const EnvironmentSpec& spec() const { return spec_; }

  User SampleUser(Rng& draws) const { return {.mood = draws.Uniform()}; }
  Document SampleDocument(Rng& draws) const {
    return {.cluster = static_cast<int>(draws.Index(3)), .quality = draws.Uniform()};
  }
  Response Respond(const User&, const recbots::Slate<Document>& slate, Rng& draws) const {
    for (int i = 0; i < slate.size(); ++i) {
      if (draws.Uniform() < 0.5 / (i + 1)) return {.clicked = i, .reward = slate[i].quality};
    }
    return {};
  }
  void Update(const recbots::Slate<Document>&, const Response&, Rng& draws, User& user) const {
    user.mood = draws.Uniform();
    user.left = draws.Uniform() < options_.exit_probability;
  }
  bool IsTerminal(const User& user) const { return user.left; }
  double Reward(const Response& response) const { return response.reward; }
  void WriteObservation(const User& user, float* features) const {
    features[0] = static_cast<float>(user.mood);
    features[1] = 1.0f;
  }
  void WriteDocument(const Document& document, float* features) const {
    features[document.cluster] = 1.0f;
    features[3] = static_cast<float>(document.quality);
  }
  void WriteResponse(const recbots::Slate<Document>& slate, const Response& response, float* fields) const {
    for (int i = 0; i < slate.size(); ++i, fields += 3) {
      fields[0] = i == response.clicked ? 1.0f : 0.0f;
      fields[1] = static_cast<float>(slate[i].quality);
      fields[2] = static_cast<float>(slate[i].cluster);
    }
  }
  auto MakeMetrics() const { return MakeVideoClusterMetrics(spec_); }

 private:
  const Options options_;
  EnvironmentSpec spec_;
};

inline std::unique_ptr<Scenario> MakeFakeVideos(int users_per_session = 1, FakeVideosModel::Options options = {},
                                                uint64_t seed = 7) {
  auto scenario = ModelScenario<FakeVideosModel>::Create(options, seed, users_per_session);
  RECBOTS_CHECK_OK(scenario.status());
  return *std::move(scenario);
}

// Slates of min_slate_size..2 different items, all lengths equally likely and all slates of a length too. Knows its
// propensities.
class AnyLengthPolicy final : public Policy {
 public:
  explicit AnyLengthPolicy(int min_size) : min_size_(min_size) {}

  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    const double lengths = 3 - min_size_;
    const double first_item = 0.2 * (min_size_ == 0 ? 2.0 / 3.0 : 1.0);
    for (size_t user = 0; user < input.positions.size(); ++user) {
      Rng rng(99, Purpose::kPolicy, input.positions[user]);
      const int size = min_size_ + static_cast<int>(rng.Index(static_cast<uint32_t>(3 - min_size_)));
      const auto first = static_cast<int32_t>(rng.Index(5));
      const int32_t second = (first + 1 + static_cast<int32_t>(rng.Index(4))) % 5;
      output.slates[2 * user] = size > 0 ? first : kNoItem;
      output.slates[2 * user + 1] = size > 1 ? second : kNoItem;
      output.behaviour_probability[user] = static_cast<float>((size == 0 ? 1.0 : size == 1 ? 0.2 : 0.05) / lengths);
      if (output.position_probability.empty()) continue;
      output.position_probability[2 * user] = size > 0 ? static_cast<float>(first_item) : 0.0f;
      output.position_probability[2 * user + 1] = size > 1 ? static_cast<float>(0.2 / lengths) : 0.0f;
    }
  }

 private:
  const int min_size_;
};

// Always the first items; says nothing of propensities of items. Learns: counts what it is shown.
class LearningPolicy final : public Policy {
 public:
  struct Seen {
    size_t most_users = 0;
    std::vector<uint32_t> streams;     // In the order of their first steps.
    bool next_columns = true;          // Were there at each step.
    std::vector<float> step_feedback;  // Rewards in order.
  };
  explicit LearningPolicy(Seen& seen) : seen_(seen) {}

  bool learns() const override { return true; }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    seen_.most_users = std::max(seen_.most_users, input.positions.size());
    for (size_t user = 0; user < input.positions.size(); ++user) {
      if (input.positions[user].step == 0) seen_.streams.push_back(input.positions[user].stream);
      output.slates[2 * user] = 0;
      output.slates[2 * user + 1] = 1;
      output.behaviour_probability[user] = std::numeric_limits<float>::quiet_NaN();
    }
  }
  void Observe(const PolicyFeedback& feedback) override {
    const size_t users = feedback.reward.size();
    seen_.next_columns &=
        feedback.next_observation.size() == 2 * users && feedback.next_candidates.size() == 20 * users;
    seen_.step_feedback.insert(seen_.step_feedback.end(), feedback.reward.begin(), feedback.reward.end());
  }

 private:
  Seen& seen_;
};

// Shows an illegal slate to the user of one stream at its first step.
class IllegalPolicy final : public Policy {
 public:
  explicit IllegalPolicy(uint32_t stream) : stream_(stream) {}
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    for (size_t user = 0; user < input.positions.size(); ++user) {
      const bool illegal = input.positions[user].stream == stream_ && input.positions[user].step == 0 &&
                           input.positions[user].episode == 0;
      output.slates[2 * user] = illegal ? 9 : 3;
      output.slates[2 * user + 1] = 4;
      output.behaviour_probability[user] = 1;
    }
  }

 private:
  const uint32_t stream_;
};

}  // namespace recbots::testing
