#include "common/agents/layers/sufficient_statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "common/agents/layers/cluster_click_statistics.h"
#include "common/agents/layers/fixed_length_history.h"
#include "tests/common/policies/acting.h"

namespace recbots {
namespace {

using testing::Ask;
using testing::FirstSteps;

EnvironmentSpec ToySpec() {
  EnvironmentSpec spec;
  spec.name = "toy";
  spec.num_user_features = 1;
  spec.num_candidates = 3;
  spec.slate_size = 1;
  spec.num_clusters = 2;
  spec.response_fields = {"click", "cluster_id"};
  return spec;
}

// Keeps what it was shown, and shows item 1.
class Recorder final : public Policy {
 public:
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    seen.assign(input.observation.begin(), input.observation.end());
    std::fill(output.slates.begin(), output.slates.end(), 1);
    std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 0.5f);
    std::fill(output.position_probability.begin(), output.position_probability.end(), 0.25f);
  }
  void Observe(const PolicyFeedback& feedback) override {
    next_seen.assign(feedback.next_observation.begin(), feedback.next_observation.end());
  }

  std::vector<float> seen, next_seen;
};

using Floats = std::vector<float>;

// What came of a step of two users, K = 1.
struct Step {
  Floats response, next_observation;
  std::vector<uint8_t> active = {1, 1};
  std::vector<int32_t> slates = {1, 1};
  Floats reward = {0, 0};
  std::vector<uint8_t> zeros = {0, 0};

  PolicyFeedback feedback() const { return {slates, response, reward, zeros, zeros, next_observation, {}, active}; }
};

struct Layered {
  explicit Layered(std::unique_ptr<UserStatistics> statistics) {
    auto base = std::make_unique<Recorder>();
    recorder = base.get();
    policy = std::make_unique<SufficientStatistics>(ToySpec(), std::move(statistics), std::move(base));
  }

  Floats Act(const Floats& observation, const std::vector<StreamPosition>& positions) {
    const testing::Answer answer = Ask(*policy, {.observation = observation, .positions = positions}, 1);
    EXPECT_EQ(answer.slates, std::vector<int32_t>(positions.size(), 1));
    EXPECT_EQ(answer.behaviour, Floats(positions.size(), 0.5f));
    EXPECT_EQ(answer.position, Floats(positions.size(), 0.25f));
    return recorder->seen;
  }
  Floats Observe(const Step& step) {
    policy->Observe(step.feedback());
    return recorder->next_seen;
  }

  std::unique_ptr<SufficientStatistics> policy;
  Recorder* recorder = nullptr;
};

TEST(SufficientStatisticsTest, ShowsClusterClicksBesideTheObservation) {
  Layered layered(*ClusterClickStatistics::Create(ToySpec()));
  EXPECT_EQ(SufficientStatistics::InnerSpec(ToySpec(), layered.policy->statistics()).num_user_features, 5);
  EXPECT_EQ(layered.Act({7, 8}, FirstSteps(2)), (Floats{7, 0, 0, 0, 0, 8, 0, 0, 0, 0}));
  EXPECT_EQ(layered.Observe({.response = {1, 0, 0, 1}, .next_observation = {9, 10}}),
            (Floats{9, 1, 0, 1, 0, 10, 0, 1, 0, 0}));
  EXPECT_EQ(layered.Act({9, 10}, {{0, 0, 1}, {1, 0, 1}}), (Floats{9, 1, 0, 1, 0, 10, 0, 1, 0, 0}));
  // User 0 has left; user 1 goes on.
  EXPECT_EQ(layered.Observe({.response = {0, 0, 1, 1}, .next_observation = {9, 11}, .active = {0, 1}}),
            (Floats{9, 1, 0, 1, 0, 11, 0, 2, 0, 1}));
  // User 0 starts again.
  EXPECT_EQ(layered.Act({3, 11}, {{0, 1, 0}, {1, 0, 2}}), (Floats{3, 0, 0, 0, 0, 11, 0, 2, 0, 1}));
}

TEST(SufficientStatisticsTest, ShowsAHistoryThatHasTheCurrentObservation) {
  Layered layered(*FixedLengthHistory::Create({.history_length = 2}, ToySpec()));
  // Entries: user feature, click, cluster, whether there was a response.
  EXPECT_EQ(layered.Act({7, 8}, FirstSteps(2)),
            (Floats{7, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
  const Floats next = {9, 9, 1, 0, 1, 7, 0, 0, 0, 1, 1, 6, 6, 0, 1, 1, 8, 0, 0, 0, 1, 1};
  EXPECT_EQ(layered.Observe({.response = {1, 0, 0, 1}, .next_observation = {9, 6}}), next);
  EXPECT_EQ(layered.Act({9, 6}, {{0, 0, 1}, {1, 0, 1}}), next);
  EXPECT_EQ(layered.Act({5, 6}, {{0, 1, 0}, {1, 0, 1}}),
            (Floats{5, 5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 6, 6, 0, 1, 1, 8, 0, 0, 0, 1, 1}));
}

TEST(SufficientStatisticsTest, BeginsWhereItIsFirstAsked) {
  Layered layered(*FixedLengthHistory::Create({.history_length = 1, .remember_response = false}, ToySpec()));
  EXPECT_EQ(layered.Act({7}, {{0, 0, 4}}), (Floats{7, 7, 1}));
  // A user more; the first one keeps what it has, for nobody has said what came of the slate.
  EXPECT_EQ(layered.Act({8, 9}, {{0, 0, 5}, {1, 0, 3}}), (Floats{8, 7, 1, 9, 9, 1}));
}

TEST(SufficientStatisticsDeathTest, RefusesColumnsOfTheWrongShape) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  Layered layered(*ClusterClickStatistics::Create(ToySpec()));
  EXPECT_DEATH(layered.Act({7, 8, 9}, FirstSteps(2)), "observation 3, want 2 x 1");
  EXPECT_DEATH(layered.Observe({.response = {1, 0, 0, 1}, .next_observation = {9, 10}}), "acted for 0");
}

}  // namespace
}  // namespace recbots
