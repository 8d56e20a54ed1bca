#include "common/agents/click_bandit_slate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <vector>

#include "common/rl/spec.h"

namespace recbots {
namespace {

using Slate = std::vector<int32_t>;

Rng Draws(uint32_t step) { return Rng(17, Purpose::kTest, {0, 0, step}); }

// Everything a slate depends on but the order of ties.
struct Arms {
  int num_candidates = 0;
  size_t slate_size = 0, min_slate_size = 0;
  std::vector<double> keys;
  std::vector<int32_t> lists;  // [A, K]

  ArmSlateBuilder Builder() const {
    return ArmSlateBuilder(static_cast<int>(keys.size()), num_candidates, static_cast<int>(slate_size),
                           static_cast<int>(min_slate_size));
  }
  ArmLists Lists() const { return {.first = lists.data(), .stride = slate_size}; }
};

// The slate of one order of the arms, by their keys and then by their place in `order`.
Slate SlateOf(const Arms& arms, std::vector<size_t> order) {
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return arms.keys[a] > arms.keys[b]; });
  Slate slate;
  const auto add = [&](int32_t item, size_t limit) {
    if (slate.size() < limit && std::find(slate.begin(), slate.end(), item) == slate.end()) slate.push_back(item);
  };
  for (const size_t arm : order) {
    for (size_t k = 0; k < arms.slate_size; ++k) {
      const int32_t item = arms.lists[arm * arms.slate_size + k];
      if (item == kNoItem) break;
      add(item, arms.slate_size);
    }
  }
  for (int32_t item = 0; item < arms.num_candidates; ++item) add(item, arms.min_slate_size);
  slate.resize(arms.slate_size, kNoItem);
  return slate;
}

std::map<Slate, double> ExactDistribution(const Arms& arms) {
  std::vector<size_t> order(arms.keys.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::map<Slate, double> distribution;
  double orders = 0;
  do {
    ++distribution[SlateOf(arms, order)];
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  for (auto& [slate, probability] : distribution) probability /= orders;
  return distribution;
}

// Lists that are disjoint, as those of clusters, or not.
Arms SomeArms(Rng& draws, bool disjoint) {
  Arms arms;
  arms.num_candidates = 3 + static_cast<int>(draws.Index(6));
  arms.slate_size = 1 + draws.Index(4) % static_cast<uint32_t>(arms.num_candidates);
  arms.slate_size = std::min(arms.slate_size, static_cast<size_t>(arms.num_candidates));
  arms.min_slate_size = draws.Index(static_cast<uint32_t>(arms.slate_size) + 1);
  const size_t num_arms = 2 + draws.Index(4);
  const uint32_t num_keys = 1 + draws.Index(3);
  arms.lists.assign(num_arms * arms.slate_size, kNoItem);
  for (size_t arm = 0; arm < num_arms; ++arm) arms.keys.push_back(draws.Index(num_keys) - 1.5);
  std::vector<size_t> length(num_arms);
  for (int32_t item = 0; item < arms.num_candidates; ++item) {
    for (size_t arm = 0; arm < num_arms; ++arm) {
      if (draws.Uniform() > 0.35) continue;
      if (length[arm] < arms.slate_size) arms.lists[arm * arms.slate_size + length[arm]++] = item;
      if (disjoint) break;
    }
  }
  return arms;
}

TEST(ArmSlateBuilderTest, KnowsTheExactProbabilitiesOfAllTieOrders) {
  Rng draws = Draws(0);
  int num_uncertain = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    const Arms arms = SomeArms(draws, /*disjoint=*/true);
    Slate slate(arms.slate_size);
    std::vector<float> position(arms.slate_size);
    const double probability = arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kRandom, draws,
                                                    absl::MakeSpan(slate), absl::MakeSpan(position));
    const auto distribution = ExactDistribution(arms);
    ASSERT_TRUE(distribution.count(slate));
    ASSERT_NEAR(probability, distribution.at(slate), 1e-12);
    num_uncertain += probability < 0.99 ? 1 : 0;
    for (size_t k = 0; k < slate.size(); ++k) {
      double marginal = 0;
      for (const auto& [other, p] : distribution) marginal += other[k] == slate[k] ? p : 0;
      ASSERT_NEAR(position[k], slate[k] == kNoItem ? 0 : marginal, 1e-6);
    }
  }
  EXPECT_GT(num_uncertain, 1000);
}

// With shared candidates the probability is either right or NaN, and the slate is one of those that can be.
TEST(ArmSlateBuilderTest, SaysNothingWhereTiedArmsShareCandidates) {
  Rng draws = Draws(1);
  int num_unknown = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    const Arms arms = SomeArms(draws, /*disjoint=*/false);
    Slate slate(arms.slate_size);
    std::vector<float> position(arms.slate_size);
    const double probability = arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kRandom, draws,
                                                    absl::MakeSpan(slate), absl::MakeSpan(position));
    const auto distribution = ExactDistribution(arms);
    ASSERT_TRUE(distribution.count(slate));
    if (std::isnan(probability)) {
      ++num_unknown;
      for (size_t k = 0; k < slate.size(); ++k) ASSERT_EQ(slate[k] != kNoItem, std::isnan(position[k]));
    } else {
      ASSERT_NEAR(probability, distribution.at(slate), 1e-12);
    }
  }
  EXPECT_GT(num_unknown, 100);
  EXPECT_LT(num_unknown, 3900);
}

TEST(ArmSlateBuilderTest, BreaksTiesByNumberWhereAskedTo) {
  Rng draws = Draws(2), untouched = Draws(2);
  const Arms arms{.num_candidates = 6, .slate_size = 3, .keys = {1, 2, 2}, .lists = {0, 1, -1, 2, 3, -1, 4, 5, -1}};
  Slate slate(3);
  EXPECT_EQ(arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kLowerArm, draws, absl::MakeSpan(slate), {}), 1);
  EXPECT_EQ(slate, (Slate{2, 3, 4}));
  EXPECT_EQ(arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kHigherArm, draws, absl::MakeSpan(slate), {}), 1);
  EXPECT_EQ(slate, (Slate{4, 5, 2}));
  EXPECT_EQ(draws.Bits(), untouched.Bits());
}

TEST(ArmSlateBuilderTest, FillsUpWhereTheArmsRunOut) {
  Rng draws = Draws(3);
  Arms arms{
      .num_candidates = 4, .slate_size = 3, .min_slate_size = 2, .keys = {1, 2}, .lists = {1, -1, -1, -1, -1, -1}};
  Slate slate(3);
  EXPECT_EQ(arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kRandom, draws, absl::MakeSpan(slate), {}), 1);
  EXPECT_EQ(slate, (Slate{1, 0, kNoItem}));
  arms.min_slate_size = 1;
  arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kRandom, draws, absl::MakeSpan(slate), {});
  EXPECT_EQ(slate, (Slate{1, kNoItem, kNoItem}));
}

// Three tied arms of one, one and two items, K = 2: 4 slates of probability 1/6 or 1/3. Frequencies within 5 sigma; a
// deviation of 0.012 is caught.
TEST(ArmSlateBuilderTest, DrawsOrdersAsOftenAsItSays) {
  const Arms arms{.num_candidates = 4, .slate_size = 2, .keys = {0, 0, 0}, .lists = {3, -1, 0, -1, 1, 2}};
  ArmSlateBuilder builder = arms.Builder();
  std::map<Slate, double> count;
  constexpr uint32_t kTrials = 40000;
  const auto distribution = ExactDistribution(arms);
  for (uint32_t i = 0; i < kTrials; ++i) {
    Rng draws = Draws(i);
    Slate slate(2);
    builder.Build(arms.keys, arms.Lists(), ArmTies::kRandom, draws, absl::MakeSpan(slate), {});
    ++count[slate];
  }
  ASSERT_EQ(count.size(), distribution.size());
  for (const auto& [slate, p] : distribution) {
    EXPECT_NEAR(count[slate] / kTrials, p, 5 * std::sqrt(p * (1 - p) / kTrials));
  }
}

TEST(ArmSlateBuilderDeathTest, RefusesWhatCannotBe) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(ArmSlateBuilder(2, 3, 4, 1), "slate_size 4, want 1..3");
  EXPECT_DEATH(ArmSlateBuilder(0, 3, 2, 1), "num_arms 0");
  EXPECT_DEATH(ArmSlateBuilder(2, 3, 2, 3), "min_slate_size 3, want 0..2");
  const Arms arms{.num_candidates = 2, .slate_size = 1, .keys = {NAN, 0}, .lists = {0, 1}};
  Slate slate(1);
  Rng draws = Draws(0);
  EXPECT_DEATH(arms.Builder().Build(arms.keys, arms.Lists(), ArmTies::kRandom, draws, absl::MakeSpan(slate), {}),
               "NaN");
}

}  // namespace
}  // namespace recbots
