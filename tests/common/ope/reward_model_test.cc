#include "common/ope/reward_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

struct Data {
  std::vector<int32_t> item, position;
  std::vector<double> target;
  std::vector<uint8_t> half;
  ModelRows rows() const { return {item, position, target, half}; }
  void Add(int32_t i, int32_t p, double t, uint8_t h) {
    item.push_back(i);
    position.push_back(p);
    target.push_back(t);
    half.push_back(h);
  }
};

TEST(RewardModelTest, AHalfIsPredictedByTheOther) {
  Data data;
  for (int i = 0; i < 100; ++i) {
    data.Add(0, 0, 1, 0);
    data.Add(0, 0, 3, 1);
  }
  const RewardModel model = RewardModel::Fit(data.rows(), 2);
  EXPECT_DOUBLE_EQ(model.Predict(0, 0, 0), 3);
  EXPECT_DOUBLE_EQ(model.Predict(1, 0, 0), 1);
  EXPECT_DOUBLE_EQ(model.Predict(1, 1, 0), 1);  // Never shown.
  EXPECT_DOUBLE_EQ(model.Predict(1, 0, 9), 1);  // A position that was never used.
}

// Items differ by 1, rewards by 2 around them: an item that was shown n times is believed with weight n / (n + 4).
// Items with 400 rows come within 5 * 2 / sqrt(400) of their mean, shrunk by 1 %.
TEST(RewardModelTest, ShrinksByWhatItemsAreLike) {
  Data data;
  std::vector<double> truth;
  for (uint32_t item = 0; item < 300; ++item) {
    Rng draws(5, Purpose::kTest, {item, 0, 0});
    truth.push_back(draws.Normal());
    for (uint32_t n = 0; n < (item < 150 ? 800U : 4U); ++n) {
      const auto position = static_cast<int32_t>(draws.Index(3));
      data.Add(static_cast<int32_t>(item), position, truth[item] - position + 2 * draws.Normal(), n % 2);
    }
  }
  const RewardModel model = RewardModel::Fit(data.rows(), 300);
  double error = 0;
  for (int32_t item = 0; item < 150; ++item) {
    EXPECT_NEAR(model.Predict(0, item, 0) - model.PositionMean(0, 0), truth[static_cast<size_t>(item)], 0.65) << item;
  }
  for (int32_t item = 150; item < 300; ++item) {
    const double deviation = model.Predict(1, item, 1) - model.PositionMean(1, 1) - truth[static_cast<size_t>(item)];
    error += deviation * deviation;
  }
  // Unshrunk means of two rows would have an error of 4 / 2 = 2; the best linear guess has 1 / (1 + 2 / 4) = 0.67.
  EXPECT_LT(error / 150, 1.0);
  double sum = 0;
  for (int32_t item = 0; item < 300; ++item) sum += model.Predict(0, item, 2);
  EXPECT_NEAR(model.MeanOverItems(0, 2), sum / 300, 1e-9);
}

TEST(RewardModelTest, HalvesAreHalves) {
  int ones = 0;
  for (int64_t session = 0; session < 10000; ++session) ones += HalfOfSession(9, session);
  EXPECT_NEAR(ones, 5000, 5 * 50);
}

}  // namespace
}  // namespace recbots
