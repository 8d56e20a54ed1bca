#include "common/base/format_count.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(FormatCountTest, HasThreeDigits) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1.00k");
  EXPECT_EQ(FormatCount(41'234), "41.2k");
  EXPECT_EQ(FormatCount(999'499), "999k");
  EXPECT_EQ(FormatCount(999'600), "1.00M");
  EXPECT_EQ(FormatCount(3.1e9), "3.10G");
}

}  // namespace
}  // namespace recbots
