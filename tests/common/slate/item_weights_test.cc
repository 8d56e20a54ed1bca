#include "common/slate/item_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/slate/slate_optimizer.h"
#include "tests/common/slate/slate_enumeration.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20191;

ChoiceModel ModelOf(ChoiceKind kind) {
  ChoiceModelOptions options;
  options.kind = kind;
  options.no_click_mass = 0.4;
  options.min_normalizer = -1.25;
  options.attention_prob = 0.8;
  options.score_scaling = 0.3;
  options.examination = {0.9};
  options.continuation = {0.7};
  return ChoiceModel::Create(options).value();
}

const ChoiceKind kSingleClick[] = {ChoiceKind::kMultinomialLogit, ChoiceKind::kMultinomialProportional,
                                   ChoiceKind::kExponentialCascade, ChoiceKind::kProportionalCascade};

// What an item is worth in a slate when it alone is worth anything: its click probability.
TEST(ItemWeightsTest, GiveTheProbabilitiesOfTheChoiceModelOnEverySlate) {
  std::cout << "seed " << kSeed << "\n";
  Rng draws(kSeed, Purpose::kTest, {});
  constexpr int kItems = 5;
  for (const ChoiceKind kind : kSingleClick) {
    SCOPED_TRACE("kind " + std::to_string(static_cast<int>(kind)));
    const ChoiceModel model = ModelOf(kind);
    const ClickRule click_rule = ClickRuleOf(model.options()).value();
    std::vector<double> scores(kItems), weights(kItems);
    for (double& score : scores) score = draws.Uniform(-1.2, 1.2);
    double no_click = 0;
    ASSERT_TRUE(ItemWeights(model, scores, absl::MakeSpan(weights), no_click).ok());
    for (int size = 0; size <= 3; ++size) {
      testing::ForEachSlate(kItems, size, [&](const std::vector<int32_t>& slate) {
        std::vector<double> shown, probabilities(slate.size());
        for (const int32_t i : slate) shown.push_back(scores[static_cast<size_t>(i)]);
        const double none = model.Probabilities(shown, absl::MakeSpan(probabilities)).value();
        std::vector<double> values(kItems, 0.0);
        for (size_t k = 0; k < slate.size(); ++k) {
          values.assign(kItems, 0.0);
          values[static_cast<size_t>(slate[k])] = 1;
          EXPECT_NEAR(SlateValue(click_rule, SlateProblemF64{weights, values, no_click, 0}, slate), probabilities[k],
                      1e-14);
        }
        values.assign(kItems, 0.0);
        EXPECT_NEAR(SlateValue(click_rule, SlateProblemF64{weights, values, no_click, 1}, slate), none, 1e-14);
      });
    }
  }
}

TEST(ItemWeightsTest, AreTheSameInFloat32) {
  Rng draws(kSeed, Purpose::kTest, {});
  for (const ChoiceKind kind : kSingleClick) {
    std::vector<float> scores(100), narrow(100);
    for (float& score : scores) score = static_cast<float>(draws.Uniform(-1.2, 1.2));
    const std::vector<double> wide(scores.begin(), scores.end());
    std::vector<double> expected(100);
    double none = 0, none_of_floats = 0, none_of_doubles = 0;
    ASSERT_TRUE(ItemWeights(ModelOf(kind), wide, absl::MakeSpan(expected), none).ok());
    ASSERT_TRUE(ItemWeights(ModelOf(kind), wide, absl::MakeSpan(narrow), none_of_doubles).ok());
    // In place.
    ASSERT_TRUE(ItemWeights(ModelOf(kind), scores, absl::MakeSpan(scores), none_of_floats).ok());
    EXPECT_EQ(narrow, scores);
    EXPECT_EQ(none, none_of_floats);
    EXPECT_EQ(none, none_of_doubles);
    for (size_t i = 0; i < 100; ++i) EXPECT_NEAR(static_cast<double>(scores[i]), expected[i], 2e-7 * expected[i]);
  }
}

TEST(ItemWeightsTest, RefusesWhatTheChoiceModelRefuses) {
  const auto message = [](ChoiceKind kind, const std::vector<double>& scores) {
    std::vector<double> weights(scores.size());
    double none = 0;
    const absl::Status status = ItemWeights(ModelOf(kind), scores, absl::MakeSpan(weights), none);
    EXPECT_EQ(status, ModelOf(kind).Weigh(scores, absl::MakeSpan(weights), none));
    return std::string(status.message());
  };
  EXPECT_THAT(message(ChoiceKind::kMultinomialProportional, {0, -2}), HasSubstr("item 1 with score -2 has weight"));
  EXPECT_THAT(message(ChoiceKind::kProportionalCascade, {0, 0, 3}), HasSubstr("item 2 with score 3 has click"));
  EXPECT_THAT(message(ChoiceKind::kExponentialCascade, {4}), HasSubstr("item 0 with score 4 has click"));
  EXPECT_THAT(message(ChoiceKind::kMultinomialLogit, {0, std::nan("")}), HasSubstr("want a finite one"));
}

TEST(ItemWeightsTest, SurvivesExtremeScoresOfLogit) {
  std::vector<double> weights(3);
  double none = 0;
  ASSERT_TRUE(ItemWeights(ModelOf(ChoiceKind::kMultinomialLogit), std::vector<double>{2000, 1999, -5000},
                          absl::MakeSpan(weights), none)
                  .ok());
  EXPECT_NEAR(weights[0], 1 / (1 + std::exp(-1.0)), 1e-15);
  EXPECT_EQ(weights[2], 0);
  EXPECT_EQ(none, 0);
}

TEST(ClickRuleTest, IsThatOfModelsWithASingleClick) {
  const auto rule_of = [](ChoiceKind kind) { return ClickRuleOf(ModelOf(kind).options()); };
  EXPECT_EQ(rule_of(ChoiceKind::kMultinomialLogit).value(), ClickRule::kShared);
  EXPECT_EQ(rule_of(ChoiceKind::kMultinomialProportional).value(), ClickRule::kShared);
  EXPECT_EQ(rule_of(ChoiceKind::kExponentialCascade).value(), ClickRule::kCascade);
  EXPECT_EQ(rule_of(ChoiceKind::kProportionalCascade).value(), ClickRule::kCascade);
  for (const ChoiceKind kind : {ChoiceKind::kPositionBased, ChoiceKind::kDependentClick}) {
    EXPECT_EQ(rule_of(kind).status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(rule_of(kind).status().message()), HasSubstr("want 1..4: a model with at most one click"));
  }
}

TEST(LinearScoresTest, TakesTheFirstNumbersOfALongerUserRow) {
  const std::vector<float> user = {1, -2, 100}, features = {3, 4, 0.5f, 0.25f};
  std::vector<double> scores(2);
  LinearScores(absl::MakeConstSpan(user).first(2), absl::MakeConstSpan(features), absl::MakeSpan(scores));
  EXPECT_EQ(scores, (std::vector<double>{-5, 0}));
}

}  // namespace
}  // namespace recbots
