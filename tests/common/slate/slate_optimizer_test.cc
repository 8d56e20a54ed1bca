// Slates against an enumeration of all there are, and what has to hold for any of them. Weights and values are such
// that ties, zero weights, values of either sign and slates worse than none occur.
#include "common/slate/slate_optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "tests/common/slate/slate_enumeration.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kSeed = 1905;
constexpr SlateRule kRules[] = {SlateRule::kTopK, SlateRule::kGreedy, SlateRule::kOptimal};
constexpr ClickRule kClickRules[] = {ClickRule::kShared, ClickRule::kCascade};
// Relative to values of up to 20: double precision.
constexpr double kTolerance = 1e-12;

struct Case {
  std::vector<float> weights, values;
  double no_click_weight = 0;
  double no_click_value = 0;
  int slate_size = 1;

  SlateProblem problem() const { return {weights, values, no_click_weight, no_click_value}; }
  int num_candidates() const { return static_cast<int>(weights.size()); }
};

// One of a few numbers, so that there are equals, or any.
float Number(Rng& draws, bool coarse, double low, double high) {
  const double number = draws.Uniform(low, high);
  return static_cast<float>(coarse ? std::round(number * 2) / 2 : number);
}

Case DrawCase(Rng& draws, int most_candidates, int most_shown) {
  Case drawn;
  const auto num_candidates = 1 + draws.Index(static_cast<uint32_t>(most_candidates));
  drawn.slate_size = 1 + static_cast<int>(draws.Index(std::min(num_candidates, static_cast<uint32_t>(most_shown))));
  const bool coarse_weights = draws.Index(2) == 0;
  const bool coarse_values = draws.Index(2) == 0;
  const double low = draws.Index(3) == 0 ? -10 : (draws.Index(2) == 0 ? 0 : -20);
  const double zeros = draws.Index(4) == 0 ? 0.6 : 0;
  for (uint32_t i = 0; i < num_candidates; ++i) {
    drawn.weights.push_back(draws.Uniform() < zeros ? 0 : Number(draws, coarse_weights, 0, 1));
    drawn.values.push_back(Number(draws, coarse_values, low, low + 20));
  }
  drawn.no_click_weight = draws.Index(3) == 0 ? 0 : draws.Uniform(0, 3);
  drawn.no_click_value = draws.Index(2) == 0 ? 0 : draws.Uniform(-15, 15);
  return drawn;
}

std::string Text(const Case& drawn) {
  return ::testing::PrintToString(drawn.weights) + " values " + ::testing::PrintToString(drawn.values) + " no click " +
         std::to_string(drawn.no_click_weight) + " value " + std::to_string(drawn.no_click_value) + " slate of " +
         std::to_string(drawn.slate_size);
}

struct Chosen {
  std::vector<int32_t> slate;
  double value = 0;
};

Chosen SelectOf(ClickRule click_rule, SlateRule rule, const Case& drawn) {
  SlateOptimizer optimizer(click_rule, drawn.num_candidates(), drawn.slate_size);
  Chosen chosen{std::vector<int32_t>(static_cast<size_t>(drawn.slate_size), -7), 0};
  chosen.value = optimizer.Select(rule, drawn.problem(), absl::MakeSpan(chosen.slate));
  return chosen;
}

bool IsSlate(const std::vector<int32_t>& slate, int num_candidates) {
  const std::set<int32_t> distinct(slate.begin(), slate.end());
  return distinct.size() == slate.size() && *distinct.begin() >= 0 && *distinct.rbegin() < num_candidates;
}

class SlateOptimizerTest : public ::testing::TestWithParam<ClickRule> {
 protected:
  SlateOptimizerTest() { std::cout << "seed " << kSeed << "\n"; }

  Rng draws_ = Rng(kSeed, Purpose::kTest, {});
};

INSTANTIATE_TEST_SUITE_P(ClickRules, SlateOptimizerTest, ::testing::ValuesIn(kClickRules),
                         [](const auto& test) { return test.param == ClickRule::kShared ? "Shared" : "Cascade"; });

TEST_P(SlateOptimizerTest, OptimalIsWorthAsMuchAsTheBestOfAllSlates) {
  for (int i = 0; i < 10000; ++i) {
    const Case drawn = DrawCase(draws_, 8, 3);
    const double best = testing::BestValue(GetParam(), drawn.problem(), drawn.slate_size);
    for (const SlateRule rule : kRules) {
      const Chosen chosen = SelectOf(GetParam(), rule, drawn);
      ASSERT_TRUE(IsSlate(chosen.slate, drawn.num_candidates())) << ::testing::PrintToString(chosen.slate);
      ASSERT_EQ(chosen.value, SlateValue(GetParam(), drawn.problem(), chosen.slate));
      ASSERT_LE(chosen.value, best + kTolerance) << Text(drawn);
      if (rule == SlateRule::kOptimal) {
        ASSERT_GE(chosen.value, best - kTolerance) << "case " << i << ": " << Text(drawn);
      }
    }
  }
}

TEST_P(SlateOptimizerTest, OptimalIsNeverWorseThanTheOthersAmongMany) {
  for (int i = 0; i < 300; ++i) {
    const Case drawn = DrawCase(draws_, 300, 40);
    const double best = SelectOf(GetParam(), SlateRule::kOptimal, drawn).value;
    for (const SlateRule rule : {SlateRule::kTopK, SlateRule::kGreedy}) {
      const Chosen chosen = SelectOf(GetParam(), rule, drawn);
      ASSERT_TRUE(IsSlate(chosen.slate, drawn.num_candidates()));
      ASSERT_LE(chosen.value, best + kTolerance) << Text(drawn);
    }
  }
}

TEST_P(SlateOptimizerTest, OneMoreCandidateNeverLowersTheOptimum) {
  for (int i = 0; i < 1000; ++i) {
    Case drawn = DrawCase(draws_, 30, 6);
    const double before = SelectOf(GetParam(), SlateRule::kOptimal, drawn).value;
    drawn.weights.push_back(Number(draws_, false, 0, 1));
    drawn.values.push_back(Number(draws_, false, -20, 20));
    ASSERT_GE(SelectOf(GetParam(), SlateRule::kOptimal, drawn).value, before - kTolerance) << Text(drawn);
  }
}

TEST_P(SlateOptimizerTest, OptimumDoesNotDependOnTheOrderOfCandidates) {
  for (int i = 0; i < 1000; ++i) {
    Case drawn = DrawCase(draws_, 30, 6);
    const double before = SelectOf(GetParam(), SlateRule::kOptimal, drawn).value;
    for (size_t j = drawn.weights.size(); j > 1; --j) {
      const size_t other = draws_.Index(static_cast<uint32_t>(j));
      std::swap(drawn.weights[j - 1], drawn.weights[other]);
      std::swap(drawn.values[j - 1], drawn.values[other]);
    }
    ASSERT_NEAR(SelectOf(GetParam(), SlateRule::kOptimal, drawn).value, before, kTolerance) << Text(drawn);
  }
}

TEST_P(SlateOptimizerTest, BatchesAreOneUserAfterTheOther) {
  constexpr size_t kUsers = 5, kItems = 9, kSlate = 3;
  std::vector<float> weights, values, no_click_weight, no_click_value;
  for (size_t i = 0; i < kUsers * kItems; ++i) weights.push_back(Number(draws_, false, 0, 1));
  for (size_t i = 0; i < kUsers * kItems; ++i) values.push_back(Number(draws_, false, -5, 5));
  for (size_t i = 0; i < kUsers; ++i) no_click_weight.push_back(Number(draws_, false, 0, 2));
  for (size_t i = 0; i < kUsers; ++i) no_click_value.push_back(Number(draws_, false, -5, 5));
  SlateOptimizer optimizer(GetParam(), kItems, kSlate);
  for (const SlateRule rule : kRules) {
    for (const bool with_no_click : {true, false}) {
      std::vector<int32_t> slates(kUsers * kSlate);
      std::vector<float> slate_values(kUsers);
      SlateBatch batch{weights, values};
      if (with_no_click) {
        batch.no_click_weight = no_click_weight;
        batch.no_click_value = no_click_value;
      }
      optimizer.SelectBatch(rule, batch, absl::MakeSpan(slates), absl::MakeSpan(slate_values));
      for (size_t user = 0; user < kUsers; ++user) {
        Case one;
        one.slate_size = kSlate;
        one.weights.assign(&weights[user * kItems], &weights[user * kItems] + kItems);
        one.values.assign(&values[user * kItems], &values[user * kItems] + kItems);
        if (with_no_click) {
          one.no_click_weight = static_cast<double>(no_click_weight[user]);
          one.no_click_value = static_cast<double>(no_click_value[user]);
        }
        const Chosen chosen = SelectOf(GetParam(), rule, one);
        EXPECT_EQ(chosen.slate, std::vector<int32_t>(&slates[user * kSlate], &slates[user * kSlate] + kSlate));
        EXPECT_EQ(static_cast<float>(chosen.value), slate_values[user]);
      }
      std::vector<int32_t> again(slates.size());
      optimizer.SelectBatch(rule, batch, absl::MakeSpan(again));
      EXPECT_EQ(again, slates);
    }
  }
}

// What a network that diverges may say.
TEST_P(SlateOptimizerTest, ShowsKItemsWhateverTheValues) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float odd[] = {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity, 0, 3e38f, 1e-40f};
  for (int i = 0; i < 3000; ++i) {
    Case drawn = DrawCase(draws_, 40, 12);
    for (float& value : drawn.values) value = draws_.Index(2) == 0 ? odd[draws_.Index(6)] : value;
    for (const SlateRule rule : kRules) {
      const Chosen chosen = SelectOf(GetParam(), rule, drawn);
      ASSERT_TRUE(IsSlate(chosen.slate, drawn.num_candidates())) << Text(drawn);
      ASSERT_EQ(SelectOf(GetParam(), rule, drawn).slate, chosen.slate);
    }
  }
}

TEST(SlateValueTest, OfSharedWeightsIgnoresOrderAndScale) {
  Rng draws(kSeed, Purpose::kTest, {});
  for (int i = 0; i < 1000; ++i) {
    Case drawn = DrawCase(draws, 12, 5);
    Chosen chosen = SelectOf(ClickRule::kShared, SlateRule::kGreedy, drawn);
    EXPECT_TRUE(std::is_sorted(chosen.slate.begin(), chosen.slate.end()));
    std::reverse(chosen.slate.begin(), chosen.slate.end());
    EXPECT_NEAR(SlateValue(ClickRule::kShared, drawn.problem(), chosen.slate), chosen.value, kTolerance);
    const double optimum = SelectOf(ClickRule::kShared, SlateRule::kOptimal, drawn).value;
    for (float& weight : drawn.weights) weight *= 64;  // A power of two: no rounding.
    drawn.no_click_weight *= 64;
    EXPECT_NEAR(SlateValue(ClickRule::kShared, drawn.problem(), chosen.slate), chosen.value, kTolerance);
    EXPECT_NEAR(SelectOf(ClickRule::kShared, SlateRule::kOptimal, drawn).value, optimum, kTolerance);
  }
}

TEST(SlateValueTest, OfAnEmptySlateAndOfNoWeightIsThatOfNoClick) {
  const std::vector<float> weights = {0, 0}, values = {3, 4};
  for (const ClickRule click_rule : kClickRules) {
    EXPECT_EQ(SlateValue(click_rule, SlateProblem{weights, values, 1, 2.5}, {}), 2.5);
    EXPECT_EQ(SlateValue(click_rule, SlateProblem{weights, values, 0, 2.5}, {1, 0}), 2.5);
  }
}

TEST(SlateValueTest, OfACascadeDependsOnOrder) {
  const std::vector<float> weights = {0.5f, 0.25f}, values = {8, 16};
  EXPECT_EQ(SlateValue(ClickRule::kCascade, SlateProblem{weights, values, 0, 4}, {0, 1}), 4 + 2 + 1.5);
  EXPECT_EQ(SlateValue(ClickRule::kCascade, SlateProblem{weights, values, 0, 4}, {1, 0}), 4 + 3 + 1.5);
}

TEST(SlateRuleTest, TopKIsInDescendingOrderAndPrefersLowerPositions) {
  Case drawn{{1, 2, 1, 2, 1}, {4, 2, 5, 2, 4}, 1, 0, 4};
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kTopK, drawn).slate, ElementsAre(2, 0, 1, 3));
  drawn.no_click_value = 1;  // 3 2 4 2 3
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kTopK, drawn).slate, ElementsAre(2, 0, 4, 1));
}

TEST(SlateRuleTest, GreedyPrefersLowerPositionsAndCountsNoClick) {
  // All the same: the first ones.
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kGreedy, {{1, 1, 1}, {2, 2, 2}, 1, 0, 2}).slate,
              ElementsAre(0, 1));
  // Where no click is worth nothing the heavy item is the better one, where it is worth much the light one.
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kGreedy, {{3, 1}, {4, 6}, 2, 0, 1}).slate, ElementsAre(0));
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kGreedy, {{3, 1}, {4, 6}, 2, 5, 1}).slate, ElementsAre(1));
}

TEST(SlateRuleTest, OptimalIsBetterWhereOthersFail) {
  // The item that is clicked most is the best one to show alone, and takes the clicks from the two better ones.
  const Case drawn{{1, 1, 4}, {3, 3, 2}, 1, 0, 2};
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kTopK, drawn).slate, ElementsAre(2, 0));
  EXPECT_THAT(SelectOf(ClickRule::kShared, SlateRule::kGreedy, drawn).slate, ElementsAre(0, 2));
  const Chosen best = SelectOf(ClickRule::kShared, SlateRule::kOptimal, drawn);
  EXPECT_THAT(best.slate, ElementsAre(0, 1));
  EXPECT_EQ(best.value, 2);
}

TEST(SlateRuleTest, CascadesShowTheMostValuableFirst) {
  for (const SlateRule rule : {SlateRule::kGreedy, SlateRule::kOptimal}) {
    EXPECT_THAT(SelectOf(ClickRule::kCascade, rule, {{0.9f, 0.5f, 0.1f}, {1, 5, 9}, 0, 0, 3}).slate,
                ElementsAre(2, 1, 0));
  }
}

}  // namespace
}  // namespace recbots
