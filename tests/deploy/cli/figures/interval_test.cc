#include "deploy/cli/figures/interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace recbots {
namespace {

TEST(IntervalTest, StudentsQuantilesAreThoseOfTheTables) {
  EXPECT_NEAR(StudentT95(1), 12.706, 0.001);
  EXPECT_NEAR(StudentT95(2), 4.303, 0.001);
  EXPECT_NEAR(StudentT95(4), 2.776, 0.001);
  EXPECT_NEAR(StudentT95(10), 2.228, 0.001);
  EXPECT_NEAR(StudentT95(11), 2.201, 0.001);  // The first of the expansion.
  EXPECT_NEAR(StudentT95(30), 2.042, 0.001);
  EXPECT_NEAR(StudentT95(99), 1.984, 0.001);
  for (int degrees = 2; degrees < 200; ++degrees) EXPECT_LT(StudentT95(degrees), StudentT95(degrees - 1)) << degrees;
}

TEST(IntervalTest, IsTheMeanAndItsSpreadOverSeeds) {
  // s = 2, n = 3: 4.3027 * 2 / sqrt(3).
  const Interval interval = MeanInterval({172.0, 174.0, 176.0}, {0.2, 0.2, 0.2});
  EXPECT_DOUBLE_EQ(interval.mean, 174);
  EXPECT_NEAR(interval.half_width, 4.9683, 0.0005);
}

TEST(IntervalTest, OneSeedHasTheErrorOfItsUsersAlone) {
  const Interval interval = MeanInterval({174.0}, {0.25});
  EXPECT_DOUBLE_EQ(interval.mean, 174);
  EXPECT_DOUBLE_EQ(interval.half_width, 0.49);
}

TEST(IntervalTest, OfNothingNothingIsKnown) {
  const Interval interval = MeanInterval({}, {});
  EXPECT_TRUE(std::isnan(interval.mean));
  EXPECT_TRUE(std::isnan(interval.half_width));
}

}  // namespace
}  // namespace recbots
