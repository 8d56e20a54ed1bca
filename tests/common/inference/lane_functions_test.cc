#include "common/inference/lane_functions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace recbots {
namespace {

template <typename Function>
float Of(Function function, float x) {
  return function(Broadcast(x))[kLanes - 1];
}

TEST(LaneFunctionsTest, AreCloseToThoseOfTheCLibrary) {
  for (int i = -87 * 64; i <= 88 * 64; ++i) {
    const float x = static_cast<float>(i) / 64 + 0.003f * static_cast<float>(i % 7);
    if (x < -87 || x > 88) continue;
    const double exact = std::exp(double{x});
    EXPECT_NEAR(Of(ExpLanes, x), exact, 0x1p-22 * exact) << x;
    EXPECT_NEAR(Of(SiluLanes, x), x / (1 + std::exp(-double{x})), 0x1p-21 * std::abs(x)) << x;
    EXPECT_NEAR(Of(TanhLanes, x), std::tanh(double{x}), 0x1p-22) << x;
  }
}

TEST(LaneFunctionsTest, ZeroAndWhatIsLargeAreExact) {
  EXPECT_EQ(Of(ExpLanes, 0), 1);
  EXPECT_EQ(Of(SiluLanes, 0), 0);
  EXPECT_EQ(Of(TanhLanes, 0), 0);
  for (const float large : {1e3f, 1e30f, std::numeric_limits<float>::infinity()}) {
    EXPECT_EQ(Of(TanhLanes, large), 1);
    EXPECT_EQ(Of(TanhLanes, -large), -1);
    EXPECT_EQ(Of(SiluLanes, large), large);
    EXPECT_TRUE(std::isfinite(Of(ExpLanes, large)));
  }
  EXPECT_NEAR(Of(SiluLanes, -1e3f), 0, 1e-30);
}

TEST(LaneFunctionsTest, ANumberThatIsNoneStaysNone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(Of(ExpLanes, nan)));
  EXPECT_TRUE(std::isnan(Of(SiluLanes, nan)));
  EXPECT_TRUE(std::isnan(Of(TanhLanes, nan)));
}

}  // namespace
}  // namespace recbots
