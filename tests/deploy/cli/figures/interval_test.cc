#include "deploy/cli/figures/interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace recbots {
namespace {

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
