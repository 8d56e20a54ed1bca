#include "common/agents/greedy_pctr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/slate/item_weights.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

ChoiceModel Logit(double no_click_mass) {
  ChoiceModelOptions options;
  options.no_click_mass = no_click_mass;
  return ChoiceModel::Create(options).value();
}

// A case's documents are [topic, quality]: features are the topic one-hot and the quality, weights the believed
// affinities and 1.
TEST(GreedyPctrGoldenTest, RatesAndSlates) {
  const testing::Golden golden("recsim/pctr.json");
  size_t run = 0;
  for (const auto& item : golden.at("cases")) {
    const auto& in = item.at("in");
    const auto& out = item.at("out");
    ++run;
    if (out.contains("error")) {
      EXPECT_GT(in.at("slate_size").get<size_t>(), in.at("docs").size()) << item;
      EXPECT_DEATH(GreedyPctrPolicy(std::vector<double>(3), Logit(0), static_cast<int>(in.at("docs").size()),
                                    in.at("slate_size").get<int>()),
                   "slate_size");
      continue;
    }
    auto weights = in.at("affinity").get<std::vector<double>>();
    weights.push_back(1);
    std::vector<double> features;
    for (const auto& doc : in.at("docs")) {
      std::vector<double> row(weights.size(), 0.0);
      row.at(doc.at(0).get<size_t>()) = 1;
      row.back() = doc.at(1).get<double>();
      features.insert(features.end(), row.begin(), row.end());
    }
    std::vector<double> scores(in.at("docs").size()), rates(scores.size());
    std::vector<int32_t> slate(in.at("slate_size").get<size_t>());
    LinearScores<double, double>(weights, features, absl::MakeSpan(scores));
    GreedyPctr(Logit(in.at("no_click_mass").get<double>()), scores, absl::MakeSpan(rates), absl::MakeSpan(slate));
    const auto expected = out.at("scores").get<std::vector<double>>();
    ASSERT_EQ(rates.size(), expected.size());
    for (size_t i = 0; i < rates.size(); ++i) EXPECT_NEAR(rates[i], expected[i], 1e-12) << item;
    EXPECT_EQ(slate, out.at("slate").get<std::vector<int32_t>>()) << item;
  }
  EXPECT_EQ(run, golden.at("cases").size());
  EXPECT_GT(run, 0u);
}

TEST(GreedyPctrTest, ScoresThatTheModelRefusesAreRankedAsTheyAre) {
  ChoiceModelOptions options;
  options.kind = ChoiceKind::kMultinomialProportional;
  options.no_click_mass = 1;
  const ChoiceModel model = ChoiceModel::Create(options).value();
  const std::vector<double> scores = {-3, -1, 2, -2};
  std::vector<double> rates(4);
  std::vector<int32_t> slate(3);
  GreedyPctr(model, scores, absl::MakeSpan(rates), absl::MakeSpan(slate));
  EXPECT_THAT(slate, ElementsAre(2, 1, 3));
  EXPECT_EQ(rates, scores);
}

TEST(GreedyPctrPolicyTest, TreatsEveryUserOfABatchAlone) {
  constexpr size_t kUsers = 50, kCandidates = 7, kFeatures = 3;
  const std::vector<double> weights = {0.5, -1, 2};
  GreedyPctrPolicy policy(weights, Logit(5), kCandidates, 2);
  Rng draws(4, Purpose::kTest, {});
  std::vector<float> candidates(kUsers * kCandidates * kFeatures);
  for (float& feature : candidates) feature = static_cast<float>(draws.Uniform(-2, 2));
  const std::vector<StreamPosition> positions(kUsers);
  std::vector<int32_t> slates(kUsers * 2);
  std::vector<float> behaviour(kUsers), position(kUsers * 2);
  policy.Act({.observation = {}, .positions = positions, .candidates = candidates},
             {absl::MakeSpan(slates), absl::MakeSpan(behaviour), absl::MakeSpan(position)});
  EXPECT_THAT(behaviour, Each(1.0f));
  EXPECT_THAT(position, Each(1.0f));
  for (size_t user = 0; user < kUsers; ++user) {
    std::vector<double> scores(kCandidates);
    const float* features = candidates.data() + user * kCandidates * kFeatures;
    for (size_t i = 0; i < kCandidates; ++i, features += kFeatures) {
      scores[i] = 0.5 * double{features[0]} - double{features[1]} + 2 * double{features[2]};
    }
    const auto best = std::max_element(scores.begin(), scores.end());
    EXPECT_EQ(slates[2 * user], best - scores.begin());
    *best = -1e9;
    EXPECT_EQ(slates[2 * user + 1], std::max_element(scores.begin(), scores.end()) - scores.begin());
  }
}

TEST(GreedyPctrPolicyDeathTest, RefusesWhatCannotBe) {
  EXPECT_DEATH(GreedyPctrPolicy({}, Logit(5), 3, 1), "no weights");
  EXPECT_DEATH(GreedyPctrPolicy({1.0}, Logit(5), 3, 4), "slate_size 4, want 1..3");
}

}  // namespace
}  // namespace recbots
