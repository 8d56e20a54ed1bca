#include "common/policies/bandits/tie_ranking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <vector>

namespace recbots {
namespace {

struct Ranked {
  std::vector<int32_t> slate;
  std::vector<float> marginals;
  double probability = 0;
};

Ranked Rank(TieRanker& ranker, const std::vector<double>& scores, size_t k, uint32_t step) {
  Ranked ranked{std::vector<int32_t>(k), std::vector<float>(k)};
  Rng draws(1, Purpose::kPolicy, {0, 0, step});
  ranked.probability = ranker.Rank(scores, draws, absl::MakeSpan(ranked.slate), absl::MakeSpan(ranked.marginals));
  return ranked;
}

TEST(TieRankerTest, IsCertainWithoutTies) {
  TieRanker ranker;
  for (uint32_t step = 0; step < 100; ++step) {
    const Ranked ranked = Rank(ranker, {0.1, 5, -3, 2, -1e300}, 3, step);
    EXPECT_EQ(ranked.slate, (std::vector<int32_t>{1, 3, 0}));
    EXPECT_EQ(ranked.probability, 1);
    EXPECT_EQ(ranked.marginals, (std::vector<float>{1, 1, 1}));
  }
}

// Every slate comes as often as the ranker says, and what it says of all slates sums to one; so do marginals per
// position.
void CheckFrequencies(const std::vector<double>& scores, size_t k, size_t expected_slates) {
  constexpr int kDraws = 30000;
  TieRanker ranker;
  std::map<std::vector<int32_t>, int> counts;
  std::map<std::vector<int32_t>, Ranked> seen;
  for (uint32_t step = 0; step < kDraws; ++step) {
    const Ranked ranked = Rank(ranker, scores, k, step);
    for (size_t i = 1; i < k; ++i) {
      ASSERT_GE(scores[static_cast<size_t>(ranked.slate[i - 1])], scores[static_cast<size_t>(ranked.slate[i])]);
    }
    ++counts[ranked.slate];
    seen[ranked.slate] = ranked;
  }
  EXPECT_EQ(seen.size(), expected_slates);
  double total = 0;
  std::vector<std::map<int32_t, double>> marginal(k);  // By enumeration of what was seen.
  for (const auto& [slate, ranked] : seen) {
    total += ranked.probability;
    const double p = ranked.probability;
    EXPECT_NEAR(1.0 * counts[slate] / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws));
    for (size_t i = 0; i < k; ++i) marginal[i][slate[i]] += p;
  }
  EXPECT_NEAR(total, 1, 1e-12);
  for (const auto& [slate, ranked] : seen) {
    for (size_t i = 0; i < k; ++i) EXPECT_NEAR(ranked.marginals[i], marginal[i][slate[i]], 1e-6);
  }
}

TEST(TieRankerTest, BreaksTiesUniformlyAndSaysHow) {
  CheckFrequencies({1, 1, 1, 1}, 2, 12);                      // All alike: 4 * 3 orders.
  CheckFrequencies({0, 2, 1, 2, 1, 1}, 3, 2 * 3);             // A tie within and one across the end.
  CheckFrequencies({3, 1, 3, 1, 3, 0}, 5, 6 * 2);             // Two ties within.
  CheckFrequencies({7, 7}, 1, 2);                             // One slot.
  CheckFrequencies({INFINITY, 0, INFINITY, 0, 0}, 4, 2 * 6);  // Bandits give infinities.
}

TEST(TieRankerTest, GoesWithoutMarginals) {
  TieRanker ranker;
  std::vector<int32_t> slate(2);
  Rng draws(1, Purpose::kPolicy, {});
  EXPECT_EQ(ranker.Rank({1, 2, 3}, draws, absl::MakeSpan(slate), {}), 1);
  EXPECT_EQ(slate, (std::vector<int32_t>{2, 1}));
}

}  // namespace
}  // namespace recbots
