#include "common/algorithms/slate_q/shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace recbots {
namespace {

TEST(ScoresToWeightsTest, AreExponentialsAndBounded) {
  std::vector<float> scores = {0, 1, -2, 1e9f, -1e9f, std::numeric_limits<float>::infinity()};
  ScoresToWeights(absl::MakeSpan(scores));
  EXPECT_FLOAT_EQ(scores[0], 1);
  EXPECT_FLOAT_EQ(scores[1], std::exp(1.0f));
  EXPECT_FLOAT_EQ(scores[2], std::exp(-2.0f));
  EXPECT_FLOAT_EQ(scores[3], std::exp(30.0f));
  EXPECT_FLOAT_EQ(scores[4], std::exp(-30.0f));
  EXPECT_EQ(scores[5], scores[3]);
}

}  // namespace
}  // namespace recbots
