#include "common/agents/cluster_bandit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/agents/greedy_cluster_agent.h"
#include "tests/common/policies/acting.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::Ask;
using ::testing::HasSubstr;
using ::testing::SizeIs;

EnvironmentSpec TopicSpec(int num_topics, int num_candidates, int slate_size) {
  EnvironmentSpec spec;
  spec.name = "topics";
  spec.num_candidates = num_candidates;
  spec.num_candidate_features = num_topics + 1;
  spec.slate_size = slate_size;
  spec.fixed_catalogue = false;
  spec.response_fields = {"click", "quality", "cluster_id"};
  spec.num_clusters = num_topics;
  spec.quality_feature = num_topics;
  return spec;
}

std::vector<float> Candidates(const std::vector<std::vector<double>>& documents, size_t num_topics) {
  std::vector<float> candidates;
  for (const auto& document : documents) {
    std::vector<float> features(num_topics + 1);
    features[static_cast<size_t>(document[0])] = 1;
    features[num_topics] = static_cast<float>(document[1]);
    candidates.insert(candidates.end(), features.begin(), features.end());
  }
  return candidates;
}

// The statistics of a case come about as they would in a session: one document is shown at a time, clicked or not.
TEST(ClusterBanditTest, ShowsTheSlatesOfTheGoldenCases) {
  const testing::Golden golden("recsim/cluster_bandit_slate.json");
  size_t cases = 0;
  for (const auto& c : golden.at("cases")) {
    SCOPED_TRACE(c.dump());
    const auto pulls = c.at("in").at("pulls").get<std::vector<int>>();
    const auto clicks = c.at("in").at("clicks").get<std::vector<int>>();
    const auto documents = c.at("in").at("docs").get<std::vector<std::vector<double>>>();
    const auto slate_size = c.at("in").at("slate_size").get<size_t>();
    const EnvironmentSpec spec =
        TopicSpec(static_cast<int>(pulls.size()), static_cast<int>(documents.size()), static_cast<int>(slate_size));
    ClickBanditOptions options;
    options.bandit.optimism_scaling = c.at("in").at("ci_scaling").get<double>();
    auto policy = MakeClusterBandit(options, 1, spec);
    ASSERT_TRUE(policy.ok()) << policy.status();
    const std::vector<float> candidates = Candidates(documents, pulls.size());
    uint32_t step = 0;
    const auto ask = [&] {
      const std::vector<StreamPosition> positions = {{0, 0, step++}};
      return Ask(**policy, {.observation = {}, .positions = positions, .candidates = candidates}, slate_size);
    };
    std::vector<int32_t> slate(slate_size, kNoItem);
    slate[0] = 0;
    const std::vector<float> reward = {0};
    const std::vector<uint8_t> zero = {0};
    for (size_t topic = 0; topic < pulls.size(); ++topic) {
      for (int i = 0; i < pulls[topic]; ++i) {
        ask();
        std::vector<float> response(3 * slate_size);
        response[0] = i < clicks[topic] ? 1.0f : 0.0f;
        response[2] = static_cast<float>(topic);
        (*policy)->Observe({slate, response, reward, zero, zero, {}, candidates, {}});
      }
    }
    const testing::Answer answer = ask();
    EXPECT_EQ(answer.slates, c.at("out").at("slate").get<std::vector<int32_t>>());
    EXPECT_EQ(answer.behaviour[0], 1.0f);
    ++cases;
  }
  EXPECT_GT(cases, 0U);
  EXPECT_THAT(golden.at("cases"), SizeIs(cases));
}

TEST(ClusterBanditTest, SaysWhatTheEnvironmentLacks) {
  EXPECT_THAT(MakeClusterBandit({}, 1, TopicSpec(1, 3, 2)).status().ToString(),
              HasSubstr("num_clusters 1 of topics, want at least 2"));
  EnvironmentSpec spec = TopicSpec(2, 3, 2);
  spec.response_fields = {"accepted"};
  EXPECT_THAT(MakeClusterBandit({}, 1, spec).status().ToString(), HasSubstr("need the response field click"));
  ClickBanditOptions options;
  options.bandit.optimism_scaling = -2;
  EXPECT_EQ(MakeClusterBandit(options, 1, TopicSpec(2, 3, 2)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(GreedyClusterAgentTest, ListsItsClusterBestFirst) {
  const EnvironmentSpec spec = TopicSpec(2, 4, 3);
  std::vector<float> candidates = Candidates({{1, 0.5}, {0, 9}, {1, 2}, {1, 0.5}}, 2);
  const std::vector<float> others = Candidates({{0, 1}, {0, 2}, {0, 3}, {0, 4}}, 2);
  candidates.insert(candidates.end(), others.begin(), others.end());
  const std::vector<StreamPosition> positions(2);
  GreedyClusterAgent agent(spec, 1);
  const testing::Answer answer = Ask(agent, {.observation = {}, .positions = positions, .candidates = candidates}, 3);
  EXPECT_EQ(answer.slates, (std::vector<int32_t>{2, 0, 3, kNoItem, kNoItem, kNoItem}));
  EXPECT_EQ(answer.behaviour, (std::vector<float>{1, 1}));
  EXPECT_EQ(answer.position, (std::vector<float>{1, 1, 1, 0, 0, 0}));

  EnvironmentSpec blind = spec;
  blind.quality_feature = -1;
  GreedyClusterAgent in_order(blind, 0);
  EXPECT_EQ(Ask(in_order, {.observation = {}, .positions = positions, .candidates = candidates}, 3).slates,
            (std::vector<int32_t>{1, kNoItem, kNoItem, 0, 1, 2}));
}

TEST(GreedyClusterAgentDeathTest, RefusesClustersThatAreNone) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(GreedyClusterAgent(TopicSpec(2, 4, 3), 2), "cluster 2, want 0..1");
  EnvironmentSpec spec = TopicSpec(2, 4, 3);
  spec.num_candidate_features = 1;
  EXPECT_DEATH(GreedyClusterAgent(spec, 0), "num_clusters 2");
}

}  // namespace
}  // namespace recbots
