#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "actor/scenarios/choc_kale/model.h"
#include "tests/actor/scenarios/long_term_satisfaction/long_term_satisfaction_support.h"
#include "tests/conformance/environment_conformance.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeScenarioOf;
using ::recbots::testing::PlayEpisodes;
using ::recbots::testing::ReferenceOf;
using ::recbots::testing::Sample;

using Document = ChocKaleModel::Document;

Rng MakeRng(uint32_t step, Purpose purpose = Purpose::kTest) { return Rng(/*seed=*/9, purpose, {0, 0, step}); }

std::string Refusal(const std::function<void(ChocKaleOptions&)>& change) {
  ChocKaleOptions options;
  change(options);
  const auto scenario = ModelScenario<ChocKaleModel>::Create(options, /*seed=*/1);
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(scenario.status().message());
}

TEST(ChocKaleTest, RefusesSettingsOutOfBounds) {
  EXPECT_EQ(Refusal([](auto& o) { o.num_candidates = 0; }), "num_candidates 0, want 1..10000");
  EXPECT_EQ(Refusal([](auto& o) { o.slate_size = 11; }), "slate_size 11, want 1..10");
  EXPECT_EQ(Refusal([](auto& o) { o.memory_discount = 1; }), "memory_discount 1, want 0..0.9999");
  EXPECT_EQ(Refusal([](auto& o) { o.sensitivity = NAN; }), "sensitivity nan, want 0..100");
  EXPECT_EQ(Refusal([](auto& o) { o.innovation_stddev = 101; }), "innovation_stddev 101, want 0..100");
  EXPECT_EQ(Refusal([](auto& o) { o.observation_stddev = 2; }), "observation_stddev 2, want 0..1");
  EXPECT_EQ(Refusal([](auto& o) { o.choc_mean = 41; }), "choc_mean 41, want -40..40");
  EXPECT_EQ(Refusal([](auto& o) { o.choc_stddev = -1; }), "choc_stddev -1, want 0..3");
  EXPECT_EQ(Refusal([](auto& o) { o.kale_mean = -41; }), "kale_mean -41, want -40..40");
  EXPECT_EQ(Refusal([](auto& o) { o.kale_stddev = 4; }), "kale_stddev 4, want 0..3");
  EXPECT_EQ(Refusal([](auto& o) { o.time_budget = 0; }), "time_budget 0, want 1..1000000");
}

TEST(ChocKaleTest, RefusesChoiceModelsItCannotHave) {
  EXPECT_EQ(Refusal([](auto& o) { o.choice.kind = static_cast<ChoiceKind>(7); }), "choice.kind 7, want 1..6");
  EXPECT_EQ(Refusal([](auto& o) {
              o.choice.kind = ChoiceKind::kPositionBased;
              o.choice.examination = {1.0};
            }),
            "choice.kind 5, want one that clicks at most one item");
  const std::string message = Refusal([](auto& o) {
    o.choice.kind = ChoiceKind::kProportionalCascade;
    o.choice.score_scaling = 2;
  });
  EXPECT_EQ(message.rfind("choice.", 0), 0U) << message;
}

TEST(ChocKaleTest, KeepsTheEnvironmentContract) {
  ChocKaleOptions options;
  options.time_budget = 7;
  const auto scenario = MakeScenarioOf<ChocKaleModel>(options);
  testing::ExpectIndependentOfTheBatch(*scenario, /*policy_seed=*/2, /*steps=*/20);
  testing::ExpectSoundSteps(*scenario, /*policy_seed=*/2, /*num_users=*/300, /*steps=*/50);
}

// Draws `num` times from the model's user with that exposure who is shown those documents.
std::vector<ChocKaleModel::Response> Responses(const ChocKaleModel& model, const ChocKaleModel::User& user,
                                               const std::vector<Document>& documents, uint32_t num) {
  std::vector<int32_t> positions;
  for (size_t i = 0; i < documents.size(); ++i) positions.push_back(static_cast<int32_t>(i));
  std::vector<ChocKaleModel::Response> responses;
  for (uint32_t i = 0; i < num; ++i) {
    Rng draws = MakeRng(i);
    responses.push_back(
        model.Respond(user, {documents.data(), positions.data(), static_cast<int>(documents.size())}, draws));
  }
  return responses;
}

TEST(ChocKaleTest, UsersPreferChocolateAndAlwaysTakeSomething) {
  constexpr uint32_t kDraws = 40000;
  const ChocKaleModel model({});
  const std::vector<Document> documents = {{.kaleness = 0.9}, {.kaleness = 0.1}, {.kaleness = 0.4}};
  std::vector<double> clicks(3, 0.0), shares;
  double total = 0;
  for (const Document& document : documents) total += std::exp(1 - document.kaleness);
  for (const auto& response : Responses(model, {.satisfaction = 0.5}, documents, kDraws)) {
    ASSERT_GE(response.clicked, 0);
    ++clicks[static_cast<size_t>(response.clicked)];
  }
  for (size_t i = 0; i < 3; ++i) {
    const double p = std::exp(1 - documents[i].kaleness) / total;
    EXPECT_NEAR(clicks[i] / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws)) << i;  // A shift of 0.013 is caught.
  }
}

TEST(ChocKaleTest, EngagementIsLogNormal) {
  constexpr uint32_t kDraws = 40000;
  ChocKaleOptions options;
  options.choc_stddev = 0.5;
  options.kale_stddev = 2;
  const ChocKaleModel model(options);
  Sample logs;
  for (const auto& response : Responses(model, {.satisfaction = 0.8}, {{.kaleness = 0.25}}, kDraws)) {
    logs.Add(std::log(response.engagement));
  }
  const double stddev = 0.25 * 2 + 0.75 * 0.5;
  EXPECT_NEAR(logs.mean(), 0.8 * (0.25 * 4 + 0.75 * 5), 5 * stddev / std::sqrt(kDraws));
  EXPECT_NEAR(logs.variance(), stddev * stddev, 5 * stddev * stddev * std::sqrt(2.0 / kDraws));
}

TEST(ChocKaleTest, KaleSatisfiesLater) {
  ChocKaleOptions options;
  options.innovation_stddev = 0;
  const ChocKaleModel model(options);
  const auto after = [&model](double kaleness, int clicked) {
    const Document document{.kaleness = kaleness};
    const int32_t first = 0;
    Rng draws = MakeRng(0);
    ChocKaleModel::User user{.exposure = 2, .satisfaction = 0.5, .seen = 0, .time_left = 2};
    model.Update({&document, &first, 1}, {.clicked = clicked}, draws, user);
    EXPECT_EQ(user.satisfaction, 1 / (1 + std::exp(-0.01 * user.exposure)));
    EXPECT_EQ(user.time_left, 1);
    EXPECT_FALSE(model.IsTerminal(user));
    return user.exposure;
  };
  EXPECT_DOUBLE_EQ(after(1, 0), 0.9 * 2 + 1);
  EXPECT_DOUBLE_EQ(after(0, 0), 0.9 * 2 - 1);
  EXPECT_DOUBLE_EQ(after(1, -1), 0.9 * 2);
}

TEST(ChocKaleTest, ObservationIsSatisfactionWithCutNoise) {
  constexpr uint32_t kDraws = 40000;
  ChocKaleOptions options;
  options.observation_stddev = 1;
  const ChocKaleModel model(options);
  Sample noise;
  for (uint32_t i = 0; i < kDraws; ++i) {
    Rng draws = MakeRng(i);
    const ChocKaleModel::User user = model.SampleUser(draws);
    EXPECT_LE(std::abs(user.exposure), 0.5 / 0.1 + 1e-9);
    EXPECT_LE(std::abs(user.seen - user.satisfaction), 1);
    noise.Add(user.seen - user.satisfaction);
  }
  // A standard normal cut at +-1 has variance 1 - 2 phi(1) / (2 Phi(1) - 1).
  const double variance = 1 - 2 * 0.24197072451914337 / 0.6826894921370859;
  EXPECT_NEAR(noise.mean(), 0, 5 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(noise.variance(), variance, 0.01);
}

TEST(ChocKaleTest, ResponseIsClippedAndRewardIsNot) {
  const ChocKaleModel model({});
  const ChocKaleModel::Response response{.clicked = 1, .engagement = 250};
  std::vector<float> fields(6, 0.0f);
  model.WriteResponse({nullptr, nullptr, 3}, response, fields.data());
  EXPECT_EQ(fields, (std::vector<float>{0, 0, 1, 100, 0, 0}));
  EXPECT_EQ(model.Reward(response), 250);
  EXPECT_EQ(model.Reward({}), 0);
}

TEST(ChocKaleTest, MetricsCountClicksAndEngagement) {
  const auto metrics = ChocKaleModel({}).MakeMetrics();
  std::vector<double> sums(metrics->counters().size(), 0.0);
  const std::vector<int32_t> slate = {0, 1, 2};
  metrics->Count(slate.data(), std::vector<float>{0, 0, 1, 30, 0, 0}.data(), sums.data());
  metrics->Count(slate.data(), std::vector<float>{0, 0, 0, 0, 1, 10}.data(), sums.data());
  metrics->Count(slate.data(), std::vector<float>(6, 0.0f).data(), sums.data());
  EXPECT_EQ(sums, (std::vector<double>{3, 2, 40}));
  for (const RatioMetric& ratio : metrics->ratios()) {
    const double value = sums[static_cast<size_t>(ratio.numerator)] / sums[static_cast<size_t>(ratio.denominator)];
    EXPECT_DOUBLE_EQ(value, ratio.name == "CTR" ? 2.0 / 3 : 20.0) << ratio.name;
  }
}

Sample ReturnsOf(const ChocKaleOptions& options, const std::string& name) {
  const auto scenario = MakeScenarioOf<ChocKaleModel>(options);
  return PlayEpisodes(*scenario, *ReferenceOf(*scenario, name), /*num_users=*/4096, options.time_budget);
}

// Whether a earns less than b, beyond 5 standard errors.
bool Less(const Sample& a, const Sample& b) {
  return a.mean() + 5 * std::hypot(a.standard_error(), b.standard_error()) < b.mean();
}

TEST(ChocKaleTest, WhatPaysDependsOnHowSensitiveUsersAre) {
  ChocKaleOptions options;  // Hardly sensitive: chocolate.
  EXPECT_TRUE(Less(ReturnsOf(options, "kale"), ReturnsOf(options, "random")));
  EXPECT_TRUE(Less(ReturnsOf(options, "random"), ReturnsOf(options, "myopic")));
  EXPECT_FALSE(Less(ReturnsOf(options, "look_ahead"), ReturnsOf(options, "myopic")));
  options.sensitivity = 0.1;
  EXPECT_TRUE(Less(ReturnsOf(options, "myopic"), ReturnsOf(options, "random")));
  EXPECT_TRUE(Less(ReturnsOf(options, "random"), ReturnsOf(options, "kale")));
  EXPECT_FALSE(Less(ReturnsOf(options, "look_ahead"), ReturnsOf(options, "kale")));
}

}  // namespace
}  // namespace recbots
