// What the dashboard shows of a policy is what the policy does.
#include "actor/client/policy_viewer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "actor/client/make_scenario.h"
#include "actor/client/topic_counts.h"
#include "common/algorithms/make_policy.h"
#include "common/algorithms/wolpertinger/shape.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/inference/weights.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::Lt;

v1::ExperimentConfig Config(const std::string& name) {
  absl::StatusOr<v1::ExperimentConfig> config =
      LoadExperimentConfig(testing::SourceDir() + "/deploy/config/" + name + ".textproto", {});
  EXPECT_TRUE(config.ok()) << config.status();
  return *std::move(config);
}

// Weights of these shapes, drawn with this seed.
std::string DrawWeights(const std::vector<TensorSpec>& specs, uint64_t seed) {
  Rng rng(seed, Purpose::kTest, StreamPosition{});
  std::vector<NamedTensor> tensors;
  for (const TensorSpec& spec : specs) {
    const int size = std::accumulate(spec.shape.begin(), spec.shape.end(), 1, std::multiplies<>());
    NamedTensor& tensor = tensors.emplace_back(NamedTensor{spec.name, spec.shape, {}});
    for (int i = 0; i < size; ++i) tensor.values.push_back(static_cast<float>(rng.Uniform() - 0.5));
  }
  return EncodeTensors(tensors);
}

class BrowsingViewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = MakeScenario(config_.environment(), config_.seed());
    ASSERT_TRUE(made.ok()) << made.status();
    scenario_ = *std::move(made);
    auto viewer = PolicyViewer::Create(config_, scenario_->spec(), scenario_, {});
    ASSERT_TRUE(viewer.ok()) << viewer.status();
    viewer_ = *std::move(viewer);
  }
  static std::string Weights(uint64_t seed) {
    return DrawWeights(PolicyTensors({.num_user_features = 10, .num_items = 10, .k = 3, .embedding_size = 16}), seed);
  }
  // What the policy with these weights shows on each document.
  std::vector<int32_t> Shown(const std::string& weights) const {
    auto policy = MakePolicy(config_.algorithm(), scenario_->spec(), 10, 1);
    EXPECT_TRUE(policy.ok() && (*policy)->SetWeights(weights).ok());
    (*policy)->SetPolicyShare(1);
    std::vector<int32_t> shown(10);
    std::vector<float> probability(10);
    const std::vector<StreamPosition> positions(10);
    (*policy)->Act({scenario_->AllObservations(), positions}, {absl::MakeSpan(shown), absl::MakeSpan(probability)});
    return shown;
  }

  const v1::ExperimentConfig config_ = Config("browse");
  std::shared_ptr<const Scenario> scenario_;
  std::unique_ptr<PolicyViewer> viewer_;
};

TEST_F(BrowsingViewTest, TheMapHasWhatThePolicyShows) {
  for (const uint64_t seed : {1, 2, 3}) {
    const auto view = viewer_->Look(Weights(seed));
    ASSERT_TRUE(view.ok() && view->map.has_value()) << view.status();
    const std::vector<int32_t> shown = Shown(Weights(seed));
    RecommendedCells expected;
    for (uint32_t s = 0; s < 10; ++s) expected.emplace_back(s * 10 + static_cast<uint32_t>(shown[s]), 1.0f);
    EXPECT_EQ(view->map->recommended, expected);
    EXPECT_EQ(view->map->rows, 10u);
    EXPECT_EQ(view->map->columns, 10u);
    EXPECT_FALSE(view->topics.has_value());
  }
}

TEST_F(BrowsingViewTest, SharesAreThoseOfTheStates) {
  ASSERT_TRUE(viewer_->LookAtReferences().ok());
  const auto view = viewer_->Look(Weights(5));
  ASSERT_TRUE(view.ok()) << view.status();
  const absl::Span<const float> w = scenario_->ExpectedRewards();
  ASSERT_EQ(w.size(), 100u);
  EXPECT_EQ(view->map->rewards, std::vector<float>(w.begin(), w.end()));
  const std::vector<int32_t> shown = Shown(Weights(5));
  int best = 0;
  for (size_t s = 0; s < 10; ++s) {
    const auto row = w.subspan(s * 10, 10);
    best += std::max_element(row.begin(), row.end()) - row.begin() == shown[s];
  }
  EXPECT_DOUBLE_EQ(view->map->best_reward_share.value(), best / 10.0);
  ASSERT_EQ(view->map->references.size(), 2u);
  EXPECT_EQ(view->map->references[0].name, "row_argmax");
  EXPECT_DOUBLE_EQ(view->map->references[0].same_share, best / 10.0);
  const PolicyMap::Reference& optimal = view->map->references[1];
  EXPECT_EQ(optimal.name, "optimal");
  int same = 0;
  for (uint32_t s = 0; s < 10; ++s) same += optimal.cells[s].first == s * 10 + static_cast<uint32_t>(shown[s]);
  EXPECT_DOUBLE_EQ(optimal.same_share, same / 10.0);
}

TEST_F(BrowsingViewTest, HasAPointForEachItemAndEachObservation) {
  const auto view = viewer_->Look(Weights(1));
  ASSERT_TRUE(view.ok() && view->points.has_value()) << view.status();
  EXPECT_EQ(view->points->num_items, 10u);
  EXPECT_EQ(view->points->items.size(), 10u);
  EXPECT_EQ(view->points->item_xy.size(), 20u);
  EXPECT_EQ(view->points->actor_xy.size(), 20u);
  EXPECT_GT(view->points->explained, 0);
  for (const float one : view->points->item_xy) EXPECT_THAT(std::abs(one), Lt(2.1f)) << "points of unit length";
}

TEST_F(BrowsingViewTest, RefusesOtherWeights) {
  EXPECT_EQ(viewer_->Look("nonsense").status().code(), absl::StatusCode::kInvalidArgument);
  const std::string other = DrawWeights(PolicyTensors({.num_user_features = 9, .num_items = 9, .k = 3}), 1);
  EXPECT_EQ(viewer_->Look(other).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PolicyViewerTest, ManyStatesShareCells) {
  v1::ExperimentConfig config = Config("browse");
  config.mutable_environment()->mutable_document_browsing()->set_num_documents(250);
  absl::StatusOr<std::unique_ptr<Scenario>> scenario = MakeScenario(config.environment(), config.seed());
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const EnvironmentSpec spec = (*scenario)->spec();
  auto viewer = PolicyViewer::Create(config, spec, *std::move(scenario), {});
  ASSERT_TRUE(viewer.ok()) << viewer.status();
  const auto view = (*viewer)->Look(
      DrawWeights(PolicyTensors({.num_user_features = 250, .num_items = 250, .k = 3, .embedding_size = 16}), 1));
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->map->states, 250u);
  EXPECT_EQ(view->map->rows, 100u);
  EXPECT_EQ(view->map->rewards.size(), 10000u);
  std::map<uint32_t, float> of_row;
  for (const auto& [cell, share] : view->map->recommended) of_row[cell / 100] += share;
  ASSERT_EQ(of_row.size(), 100u);
  for (const auto& [row, share] : of_row) EXPECT_FLOAT_EQ(share, 1) << row;
}

TEST(PolicyViewerTest, WhatIsTooLargeHasNoMap) {
  EnvironmentSpec spec;
  spec.num_candidates = 2000;
  spec.num_user_features = 2000;
  EXPECT_TRUE(IsSmallEnoughToView(spec));
  spec.num_candidates = 2001;
  EXPECT_FALSE(IsSmallEnoughToView(spec));
  spec = {};
  spec.num_candidates = 100'000;
  spec.num_candidate_features = 2;
  EXPECT_FALSE(IsSmallEnoughToView(spec));
}

TEST(TopicCountsTest, CandidatesHaveTheirClusterOrPart) {
  EnvironmentSpec spec;
  spec.num_candidate_features = 4;
  spec.num_clusters = 3;
  const std::vector<float> features = {0, 1, 0, 9};
  EXPECT_EQ(TopicOf(spec, features.data()), 1u) << "the last feature is none of the cluster";
  EXPECT_THAT(TopicNames(spec), ElementsAre("topic 0", "topic 1", "topic 2"));
  spec.num_clusters = 0;
  EXPECT_EQ(TopicOf(spec, features.data()), 3u);
  spec.num_candidate_features = 1;
  EXPECT_EQ(TopicNames(spec).size(), 10u);
  for (const auto& [feature, part] : {std::pair{0.0f, 0u}, {0.25f, 2u}, {1.0f, 9u}, {-1.0f, 0u}}) {
    EXPECT_EQ(TopicOf(spec, &feature), part) << feature;
  }
}

double Sum(const std::vector<double>& shares) { return std::accumulate(shares.begin(), shares.end(), 0.0); }

// The best known policy of interest evolution shows topics of high quality more often than they are offered, and random
// play as often.
TEST(TopicCountsTest, TellsPoliciesApart) {
  const v1::ExperimentConfig config = Config("interest_evolution");
  const auto scenario = MakeScenario(config.environment(), config.seed());
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  std::vector<ReferencePolicy> references = (*scenario)->MakeReferencePolicies();
  const auto random = PlayForTopics(**scenario, *references.front().policy, {});
  const auto best = PlayForTopics(**scenario, *references.back().policy, {});
  ASSERT_TRUE(random.ok() && best.ok()) << random.status() << best.status();
  double apart = 0, by_chance = 0;
  for (const auto* played : {&*random, &*best}) {
    EXPECT_GT(played->steps, 1000);
    EXPECT_NEAR(Sum(played->shares.offered), 1, 1e-9);
    EXPECT_NEAR(Sum(played->shares.shown), 1, 1e-9);
    EXPECT_NEAR(Sum(played->shares.clicked), 1, 1e-9);
  }
  for (size_t i = 0; i < random->shares.offered.size(); ++i) {
    by_chance += std::abs(random->shares.shown[i] - random->shares.offered[i]) / 2;
    apart += std::abs(best->shares.shown[i] - best->shares.offered[i]) / 2;
  }
  EXPECT_LT(by_chance, 0.1);
  EXPECT_GT(apart, 2 * by_chance);
  const auto stopped = PlayForTopics(**scenario, *references.front().policy, [] { return true; });
  EXPECT_TRUE(absl::IsCancelled(stopped.status()));
}

}  // namespace
}  // namespace recbots
