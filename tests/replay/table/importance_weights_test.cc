#include "replay/table/importance_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;

std::vector<float> Weights(const std::vector<float>& probabilities, double beta) {
  std::vector<float> weights(probabilities.size());
  ImportanceWeights(probabilities, beta, absl::MakeSpan(weights));
  return weights;
}

TEST(ImportanceWeightsTest, FollowTheFormulaOfThePaper) {
  Rng rng(1, Purpose::kTest, {});
  for (const double beta : {0.0, 0.4, 0.7, 1.0}) {
    std::vector<float> probabilities(256);
    for (float& probability : probabilities) probability = static_cast<float>(std::exp(-20 * rng.Uniform()));
    const double num_rows = 1000;
    std::vector<double> want;
    for (const float probability : probabilities) want.push_back(std::pow(num_rows * probability, -beta));
    const double largest = *std::max_element(want.begin(), want.end());
    const std::vector<float> got = Weights(probabilities, beta);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_FLOAT_EQ(got[i], static_cast<float>(want[i] / largest)) << i;
  }
}

TEST(ImportanceWeightsTest, UniformDrawsAndExponentZeroWeighAllTheSame) {
  EXPECT_THAT(Weights(std::vector<float>(7, 1e-6f), 1), Each(1));
  EXPECT_THAT(Weights({0.5f, 0.1f, 1e-9f}, 0), Each(1));
}

TEST(ImportanceWeightsTest, ExtremesStayFinite) {
  const float least = std::numeric_limits<float>::denorm_min();
  EXPECT_THAT(Weights({least, 1.0f}, 1), ElementsAre(1, FloatEq(least)));
  EXPECT_THAT(Weights({0.25f}, 1), ElementsAre(1));
  EXPECT_THAT(Weights({}, 1), ElementsAre());
}

// What the weights are for: a mean over weighted draws is the mean over all rows, up to the common factor.
TEST(ImportanceWeightsTest, FullWeightsUndoTheBiasOfTheDraw) {
  const std::vector<float> probabilities = {0.5f, 0.25f, 0.125f, 0.125f};
  const std::vector<float> weights = Weights(probabilities, 1);
  for (size_t i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(probabilities[i] * weights[i], 0.125f);
}

}  // namespace
}  // namespace recbots::replay
