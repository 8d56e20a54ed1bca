#include "common/base/fast_normal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace recbots {
namespace {

double Phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

TEST(FastNormalTest, LayersCloseAtTheMiddle) {
  const ZigguratTable& table = kZiggurat;
  const int last = ZigguratTable::kLayers - 1;
  const double x = table.scale[last] * 8388608;  // Right end of the topmost layer.
  const double area = 3.6541528853610088 * table.density[1] +
                      std::sqrt(std::acos(-1.0) / 2) * std::erfc(3.6541528853610088 / std::sqrt(2.0));
  EXPECT_NEAR(table.density[last] + area / x, 1.0, 1e-9);
  EXPECT_EQ(table.inside[last], 0);
  for (int i = 1; i < ZigguratTable::kLayers; ++i) {
    EXPECT_LT(table.scale[i], table.scale[i - 1]);
    EXPECT_GT(table.density[i + 1], table.density[i]);
  }
}

// 400 bins of equal probability, edges far into both tails: chi-square at 1e-6 (quantile by Wilson and Hilferty 1931).
// Finds a bin that is off by 1.5 % of its probability.
TEST(FastNormalTest, FollowsTheNormalDistribution) {
  constexpr int kBins = 400;
  constexpr int kCount = 20000000;
  std::vector<double> edges;  // Quantiles i / kBins, by bisection.
  for (int i = 1; i < kBins; ++i) {
    double low = -10, high = 10;
    for (int step = 0; step < 60; ++step) {
      const double middle = (low + high) / 2;
      (Phi(middle) < static_cast<double>(i) / kBins ? low : high) = middle;
    }
    edges.push_back(low);
  }
  std::vector<int> counts(kBins);
  Rng rng(15, Purpose::kTest, {});
  double sum = 0, squares = 0, fourths = 0;
  int beyond = 0;
  for (int i = 0; i < kCount; ++i) {
    // 262,144 draws per position.
    if (i % 100000 == 0) rng = Rng(15, Purpose::kTest, {static_cast<uint32_t>(i), 0, 0});
    const double z = FastNormal(rng);
    sum += z;
    squares += z * z;
    fourths += z * z * z * z;
    beyond += std::fabs(z) > 3.7 ? 1 : 0;
    ++counts[static_cast<size_t>(std::upper_bound(edges.begin(), edges.end(), z) - edges.begin())];
  }
  double chi_square = 0;
  for (const int count : counts) {
    const double expected = static_cast<double>(kCount) / kBins;
    chi_square += (count - expected) * (count - expected) / expected;
  }
  const double freedom = kBins - 1;
  const double spread = 2 / (9 * freedom);
  EXPECT_LT(chi_square, freedom * std::pow(1 - spread + 4.7534 * std::sqrt(spread), 3));
  EXPECT_NEAR(sum / kCount, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(fourths / kCount, 3, 5 * std::sqrt(96.0 / kCount));
  const double tail = 2 * Phi(-3.7);  // Behind the right end of the layers.
  EXPECT_NEAR(beyond / double{kCount}, tail, 5 * std::sqrt(tail / kCount));
}

}  // namespace
}  // namespace recbots
