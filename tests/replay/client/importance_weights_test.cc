#include "replay/client/importance_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

TEST(ImportanceWeightsTest, AreThoseOfTheFormula) {
  constexpr int64_t kRows = 1000;
  Rng rng(/*seed=*/7, Purpose::kTest, {});
  std::vector<float> probabilities(64);
  for (float& probability : probabilities) probability = static_cast<float>(rng.Uniform(1e-6, 0.1));
  std::vector<float> weights(64);
  for (const double beta : {0.4, 0.5, 1.0}) {
    ImportanceWeights(probabilities, kRows, beta, absl::MakeSpan(weights));
    double largest = 0;
    for (const float probability : probabilities) {
      largest = std::max(largest, std::pow(double{kRows} * double{probability}, -beta));
    }
    for (size_t i = 0; i < weights.size(); ++i) {
      const double want = std::pow(double{kRows} * double{probabilities[i]}, -beta) / largest;
      EXPECT_NEAR(weights[i], want, 1e-6 * want);
    }
    EXPECT_EQ(*std::max_element(weights.begin(), weights.end()), 1.0F);
  }
}

TEST(ImportanceWeightsTest, AreOneForBetaZeroAndForUniformDraws) {
  const std::vector<float> uneven = {0.5F, 1e-30F, 0.25F};
  std::vector<float> weights(3);
  ImportanceWeights(uneven, 10, 0, absl::MakeSpan(weights));
  EXPECT_EQ(weights, (std::vector<float>{1, 1, 1}));
  const std::vector<float> even(3, 1e-9F);
  ImportanceWeights(even, 1'000'000'000, 1, absl::MakeSpan(weights));
  EXPECT_EQ(weights, (std::vector<float>{1, 1, 1}));
  ImportanceWeights({}, 10, 1, {});
}

TEST(ImportanceWeightsTest, StayFiniteAtTheEndsOfFloat) {
  const std::vector<float> probabilities = {1e-38F, 1.0F};
  std::vector<float> weights(2);
  ImportanceWeights(probabilities, 4'000'000'000, 0.5, absl::MakeSpan(weights));
  EXPECT_EQ(weights[0], 1.0F);
  EXPECT_NEAR(weights[1], 1e-19, 1e-24);
}

}  // namespace
}  // namespace recbots::replay
