#include "deploy/cli/terminal/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "deploy/cli/terminal/cells.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;

TEST(CurveTest, ARisingLineGoesFromTheBottomLeftToTheTopRight) {
  // 2 x 1 cells are 4 x 4 dots: one dot in each column, one higher each time.
  EXPECT_THAT(BrailleCurve({0, 1, 2, 3}, {0, 1, 2, 3}, {}, {0, 3}, 2, 1), ElementsAre("⡠⠊"));
  EXPECT_THAT(BrailleCurve({0, 3}, {0, 3}, {}, {0, 3}, 2, 1), ElementsAre("⡠⠊"));
}

TEST(CurveTest, LevelsAreDotted) {
  // Every fourth dot of the lowest row: the first column of every second cell.
  EXPECT_THAT(BrailleCurve({}, {}, {{"random", 0}}, {0, 1}, 4, 1), ElementsAre("⡀ ⡀ "));
}

TEST(CurveTest, EveryLineHasItsCells) {
  const std::vector<std::string> lines = BrailleCurve({0, 10, 400}, {5, -3, 1e9}, {{"a", 2}}, {-3, 10}, 37, 9);
  ASSERT_EQ(lines.size(), 9U);
  for (const std::string& line : lines) EXPECT_EQ(CellsOf(line), 37) << line;
}

TEST(CurveTest, WhatIsNotFiniteInterruptsTheCurve) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  // Four columns of dots: the second point is missing, so that nothing joins the first and the third.
  EXPECT_THAT(BrailleCurve({0, 1, 3}, {0, kNan, 0}, {}, {0, 1}, 2, 1), ElementsAre("⡀⢀"));
  EXPECT_THAT(BrailleCurve({0, 3}, {0, 0}, {}, {0, 1}, 2, 1), ElementsAre("⣀⣀"));
}

TEST(CurveTest, RangesHoldValuesAndLevels) {
  const CurveRange range = RangeOf({3, 1, INFINITY}, {{"best", 9}});
  EXPECT_EQ(range.low, 1);
  EXPECT_EQ(range.high, 9);
  EXPECT_EQ(RangeOf({}, {}).high, 1);
  const CurveRange flat = RangeOf({5, 5}, {});
  EXPECT_LT(flat.low, 5);
  EXPECT_GT(flat.high, 5);
}

}  // namespace
}  // namespace recbots
