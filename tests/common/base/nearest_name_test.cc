#include "common/base/nearest_name.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

const std::vector<std::string> kNames = {"cluster", "train", "simulate", "status", "top"};

TEST(NearestNameTest, FindsWhatWasMeant) {
  EXPECT_EQ(NearestName("clutser", kNames), "cluster");
  EXPECT_EQ(NearestName("trian", kNames), "train");
  EXPECT_EQ(NearestName("stauts", kNames), "status");
  EXPECT_EQ(NearestName("status", kNames), "status");
  EXPECT_EQ(NearestName("simulation", kNames), "simulate");
}

TEST(NearestNameTest, FindsNothingWhereNothingIsNear) {
  EXPECT_EQ(NearestName("xyzzy", kNames), "");
  EXPECT_EQ(NearestName("completely-different", kNames), "");
  EXPECT_EQ(NearestName("train", {}), "");
}

// "tip" is 1 away from "top", "tap" as well.
TEST(NearestNameTest, TakesTheFirstOfEquallyNearOnes) {
  EXPECT_EQ(NearestName("tip", {"tap", "top"}), "tap");
  EXPECT_EQ(NearestName("tip", {"top", "tap"}), "top");
}

TEST(NearestNameTest, AsksInWords) {
  EXPECT_EQ(DidYouMean("trian", kNames), ", did you mean 'train'?");
  EXPECT_EQ(DidYouMean("xyzzy", kNames), "");
}

}  // namespace
}  // namespace recbots
