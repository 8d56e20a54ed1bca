#include "common/training/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace recbots {
namespace {

TEST(LearningRateShareTest, IsAllOfItWithoutASchedule) {
  for (const double step : {1.0, 2.0, 1e6, 0x1p52}) EXPECT_EQ(LearningRateShare({}, step), 1) << step;
}

TEST(LearningRateShareTest, RisesInAStraightLineToTheStepAtWhichTheWarmUpEnds) {
  const OptimizerOptions options = {.warmup_steps = 4};
  EXPECT_EQ(LearningRateShare(options, 1), 0.25);
  EXPECT_EQ(LearningRateShare(options, 3), 0.75);
  EXPECT_EQ(LearningRateShare(options, 4), 1);
  EXPECT_EQ(LearningRateShare(options, 5), 1);
}

TEST(LearningRateShareTest, FallsInAStraightLineOrAlongACosineAndStays) {
  for (const int64_t warmup : {0, 10}) {
    const OptimizerOptions linear = {
        .warmup_steps = warmup, .schedule = Schedule::kLinear, .decay_steps = 8, .final_share = 0.2};
    OptimizerOptions cosine = linear;
    cosine.schedule = Schedule::kCosine;
    const auto begin = static_cast<double>(warmup);
    for (int n = 1; n <= 8; ++n) {
      EXPECT_NEAR(LearningRateShare(linear, begin + n), 1 - 0.8 * n / 8, 1e-15) << n;
      EXPECT_NEAR(LearningRateShare(cosine, begin + n), 0.2 + 0.4 * (1 + std::cos(std::numbers::pi * n / 8)), 1e-15)
          << n;
    }
    for (const OptimizerOptions& options : {linear, cosine}) {
      EXPECT_NEAR(LearningRateShare(options, begin + 8), 0.2, 1e-15);
      EXPECT_NEAR(LearningRateShare(options, begin + 1e9), 0.2, 1e-15);
    }
  }
}

}  // namespace
}  // namespace recbots
