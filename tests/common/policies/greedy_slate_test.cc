#include "common/policies/greedy_slate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

namespace recbots {
namespace {

Rng Draws(uint32_t step) { return Rng(11, Purpose::kTest, {0, 0, step}); }

// Scores with many equals.
std::vector<double> SomeScores(Rng& draws, uint32_t num_candidates, uint32_t num_values) {
  std::vector<double> scores(num_candidates);
  for (double& score : scores) score = draws.Index(num_values) - 1.5;
  return scores;
}

TEST(GreedySlateTest, AgreesWithAStableSort) {
  Rng draws = Draws(0);
  for (int trial = 0; trial < 2000; ++trial) {
    const uint32_t n = 1 + draws.Index(12);
    std::vector<double> scores = SomeScores(draws, n, 1 + draws.Index(20));
    if (trial % 5 == 0) scores[draws.Index(n)] = std::numeric_limits<double>::infinity();
    std::vector<int32_t> order(n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
      return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
    });
    std::vector<int32_t> slate(1 + draws.Index(n));
    GreedySlate(scores, absl::MakeSpan(slate));
    order.resize(slate.size());
    EXPECT_EQ(slate, order);
  }
}

TEST(GreedySlateDeathTest, RefusesASlateLongerThanTheCandidates) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  std::vector<int32_t> slate(3);
  EXPECT_DEATH(GreedySlate({1.0, 2.0}, absl::MakeSpan(slate)), "slate 3, scores 2");
}

// All orders of the candidates, each as likely as any, as the ways to break ties: what slate each one gives.
std::map<std::vector<int32_t>, double> ExactDistribution(const std::vector<double>& scores, size_t slate_size) {
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::map<std::vector<int32_t>, double> distribution;
  double orders = 0;
  do {
    std::vector<int32_t> sorted = order;
    std::stable_sort(sorted.begin(), sorted.end(), [&](int32_t a, int32_t b) {
      return scores[static_cast<size_t>(a)] > scores[static_cast<size_t>(b)];
    });
    sorted.resize(slate_size);
    ++distribution[sorted];
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  for (auto& [slate, probability] : distribution) probability /= orders;
  return distribution;
}

TEST(GreedySlateTest, KnowsTheExactProbabilitiesOfRandomTies) {
  Rng draws = Draws(1);
  for (int trial = 0; trial < 300; ++trial) {
    const uint32_t n = 1 + draws.Index(6);
    const std::vector<double> scores = SomeScores(draws, n, 1 + draws.Index(4));
    std::vector<int32_t> slate(1 + draws.Index(n));
    std::vector<float> marginals(slate.size());
    const double probability = GreedySlateRandomTies(scores, draws, absl::MakeSpan(slate), absl::MakeSpan(marginals));
    const auto distribution = ExactDistribution(scores, slate.size());
    ASSERT_TRUE(distribution.count(slate)) << "a slate that is not greedy";
    EXPECT_NEAR(probability, distribution.at(slate), 1e-12);
    for (size_t k = 0; k < slate.size(); ++k) {
      double marginal = 0;
      for (const auto& [other, p] : distribution) marginal += other[k] == slate[k] ? p : 0;
      EXPECT_NEAR(marginals[k], marginal, 1e-6);
    }
  }
}

// Scores 2 1 1 2 1, K = 4: 2! orders of the first two, 3 x 2 of the others: 12 slates. P(chi-square with 11 degrees of
// freedom > 50.2) < 1e-6; a slate that is 12 % too frequent is caught.
TEST(GreedySlateTest, BreaksTiesEvenly) {
  const std::vector<double> scores = {2, 1, 1, 2, 1};
  std::map<std::vector<int32_t>, int> counts;
  constexpr int kTrials = 24000;
  for (uint32_t i = 0; i < kTrials; ++i) {
    Rng draws = Draws(i);
    std::vector<int32_t> slate(4);
    EXPECT_DOUBLE_EQ(GreedySlateRandomTies(scores, draws, absl::MakeSpan(slate), {}), 1.0 / 12);
    ++counts[slate];
  }
  EXPECT_EQ(counts.size(), 12U);
  double chi_square = 0;
  for (const auto& [slate, count] : counts) chi_square += (count - 2000.0) * (count - 2000.0) / 2000.0;
  EXPECT_LT(chi_square, 50.2);
}

TEST(GreedySlateTest, DrawsNothingWithoutTies) {
  Rng draws = Draws(3), untouched = Draws(3);
  std::vector<int32_t> slate(2);
  EXPECT_EQ(GreedySlateRandomTies({3, 1, 2}, draws, absl::MakeSpan(slate), {}), 1);
  EXPECT_EQ(draws.Bits(), untouched.Bits());
}

}  // namespace
}  // namespace recbots
