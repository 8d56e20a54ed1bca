// Expected numbers come from SciPy 1.x (scipy.stats.t, scipy.stats.ttest_ind with equal_var=False), which shares no
// code with ours.
#include "deploy/cli/report/significance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "common/base/random.h"

namespace recbots {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(SignificanceTest, ComparesLikeWelch) {
  const std::vector<double> a = {27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1,
                                 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4};
  const std::vector<double> b = {27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0,
                                 24.8, 20.2, 21.9, 22.1, 22.9, 30.3, 26.2};
  const auto long_ones = CompareMeans(a, b);
  ASSERT_TRUE(long_ones.has_value());
  EXPECT_NEAR(long_ones->difference, 2.94, 1e-12);
  EXPECT_NEAR(long_ones->degrees, 27.93538960089653, 1e-9);
  EXPECT_NEAR(long_ones->p, 0.006541575771795333, 1e-12);
  EXPECT_NEAR(long_ones->difference - long_ones->half_width, 0.8905016054558605, 1e-7);
  const auto short_ones = CompareMeans({1.0, 1.2, 0.9}, {2.0, 2.5});
  ASSERT_TRUE(short_ones.has_value());
  EXPECT_NEAR(short_ones->p, 0.09835434548148994, 1e-11);
  EXPECT_NEAR(short_ones->difference + short_ones->half_width, 3.3308792805206515, 1e-7);
}

TEST(SignificanceTest, WithoutScatterItIsTheDifferenceThatCounts) {
  EXPECT_EQ(CompareMeans({9.074227648206493, 9.074227648206488}, {9.074227648206490, 9.074227648206495})->p, 1);
  EXPECT_EQ(CompareMeans({9, 9}, {8, 8})->p, 0);
  EXPECT_FALSE(CompareMeans({9}, {8, 8}).has_value());
  EXPECT_FALSE(CompareMeans({}, {}).has_value());
}

TEST(SignificanceTest, CorrectsLikeHolm) {
  // By hand: 0.01 * 4, 0.02 * 3, 0.03 * 2 (not below the one before), 0.9.
  EXPECT_THAT(HolmCorrected({0.03, 0.01, 0.9, 0.02}), ElementsAre(DoubleNear(0.06, 1e-15), DoubleNear(0.04, 1e-15),
                                                                  DoubleNear(0.9, 1e-15), DoubleNear(0.06, 1e-15)));
  EXPECT_THAT(HolmCorrected({0.9, 0.8}), ElementsAre(1, 1));
  EXPECT_TRUE(HolmCorrected({}).empty());
}

// 4,000 pairs of samples of the same distribution: p below 0.05 in 5 % of them, within 5 standard errors (1.7 points).
// A test that took one tail, or the wrong number of degrees, would be off by 2 points or more.
TEST(SignificanceTest, ErrsAsOftenAsItSays) {
  constexpr int kPairs = 4000;
  Rng rng(7, Purpose::kTest, {.stream = 0});
  int wrong = 0;
  for (int pair = 0; pair < kPairs; ++pair) {
    std::vector<double> a, b;
    for (int i = 0; i < 6; ++i) a.push_back(rng.Normal());
    for (int i = 0; i < 9; ++i) b.push_back(3 * rng.Normal());
    wrong += CompareMeans(a, b)->p < 0.05 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(wrong) / kPairs, 0.05, 5 * std::sqrt(0.05 * 0.95 / kPairs));
}

}  // namespace
}  // namespace recbots
