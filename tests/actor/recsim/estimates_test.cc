#include "actor/recsim/estimates.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

// The formula as it is written, in two passes.
struct Reference {
  double value;
  double standard_error;
};
Reference TwoPasses(const std::vector<double>& numerators, const std::vector<double>& denominators) {
  double sum_n = 0;
  double sum_d = 0;
  for (size_t i = 0; i < numerators.size(); ++i) {
    sum_n += numerators[i];
    sum_d += denominators[i];
  }
  const double ratio = sum_n / sum_d;
  double squares = 0;
  for (size_t i = 0; i < numerators.size(); ++i) squares += std::pow(numerators[i] - ratio * denominators[i], 2);
  const auto n = static_cast<double>(numerators.size());
  return {ratio, std::sqrt(squares / (n * (n - 1))) / (sum_d / n)};
}

TEST(RatioEstimateTest, IsTheLinearisedRatio) {
  Rng rng(1, Purpose::kTest, {});
  for (int repetition = 0; repetition < 200; ++repetition) {
    const uint32_t n = 2 + rng.Index(50);
    const double offset = rng.Uniform(-3, 3);
    std::vector<double> numerators;
    std::vector<double> denominators;
    RatioEstimate estimate;
    for (uint32_t i = 0; i < n; ++i) {
      denominators.push_back(1 + rng.Index(9));
      numerators.push_back(denominators.back() * offset + rng.Normal());
      estimate.Add(numerators.back(), denominators.back());
    }
    const Reference want = TwoPasses(numerators, denominators);
    EXPECT_NEAR(estimate.value(), want.value, 1e-12 * (1 + std::abs(want.value)));
    EXPECT_NEAR(estimate.standard_error(), want.standard_error, 1e-9 * want.standard_error);
  }
}

TEST(RatioEstimateTest, OverOnesIsTheErrorOfAMean) {
  RatioEstimate estimate;
  for (const double value : {1.0, 2.0, 4.0, 9.0}) estimate.Add(value, 1);
  EXPECT_DOUBLE_EQ(estimate.value(), 4.0);
  EXPECT_DOUBLE_EQ(estimate.standard_error(), std::sqrt((9.0 + 4 + 0 + 25) / 3 / 4));
}

TEST(RatioEstimateTest, KeepsASmallSpreadAboutALargeMean) {
  RatioEstimate estimate;
  for (int i = 0; i < 100000; ++i) estimate.Add(1e9 + (i % 2), 1);
  EXPECT_NEAR(estimate.standard_error(), 0.5 / std::sqrt(100000 - 1), 1e-9);
}

TEST(RatioEstimateTest, IsNotKnownWithoutDenominatorOrFromOneEpisode) {
  RatioEstimate estimate;
  EXPECT_TRUE(std::isnan(estimate.value()));
  EXPECT_TRUE(std::isnan(estimate.standard_error()));
  estimate.Add(3, 2);
  EXPECT_EQ(estimate.value(), 1.5);
  EXPECT_TRUE(std::isnan(estimate.standard_error()));
  RatioEstimate empty;
  empty.Add(0, 0);
  empty.Add(0, 0);
  EXPECT_TRUE(std::isnan(empty.value()));
  EXPECT_TRUE(std::isnan(empty.standard_error()));
}

TEST(RatioEstimateTest, HasNoErrorWhereTheRatioIsTheSameInAllEpisodes) {
  RatioEstimate estimate;
  for (int i = 1; i < 1000; ++i) estimate.Add(0.1 * i, i);
  EXPECT_NEAR(estimate.value(), 0.1, 1e-15);
  EXPECT_GE(estimate.standard_error(), 0);  // Rounding must not make it NaN.
  EXPECT_LT(estimate.standard_error(), 1e-8);
}

// Over 2,000 repetitions, intervals of 1.96 standard errors must hold the true ratio in 95 % of them; 5 sigma of that
// count are 2.4 %. Catches an error that is 15 % too small.
TEST(RatioEstimateTest, ErrorCoversTheTruth) {
  Rng rng(2, Purpose::kTest, {});
  int covered = 0;
  for (int repetition = 0; repetition < 2000; ++repetition) {
    RatioEstimate estimate;
    for (int episode = 0; episode < 200; ++episode) {
      const uint32_t steps = 1 + rng.Index(20);
      double clicks = 0;
      for (uint32_t step = 0; step < steps; ++step) clicks += rng.Uniform() < 0.3;
      estimate.Add(clicks, steps);
    }
    covered += std::abs(estimate.value() - 0.3) < 1.96 * estimate.standard_error();
  }
  EXPECT_NEAR(covered / 2000.0, 0.95, 0.024);
}

TEST(MeanEstimateTest, IsTheMeanAndItsErrors) {
  MeanEstimate estimate;
  EXPECT_TRUE(std::isnan(estimate.mean()));
  EXPECT_TRUE(std::isnan(estimate.population_deviation()));
  estimate.Add(2);
  EXPECT_EQ(estimate.mean(), 2);
  EXPECT_TRUE(std::isnan(estimate.standard_error()));
  EXPECT_TRUE(std::isnan(estimate.ci95()));
  for (const double value : {4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) estimate.Add(value);
  EXPECT_EQ(estimate.count(), 8);
  EXPECT_EQ(estimate.mean(), 5.0);
  EXPECT_DOUBLE_EQ(estimate.population_deviation(), 2.0);
  EXPECT_DOUBLE_EQ(estimate.standard_error(), 2 / std::sqrt(7.0));
  EXPECT_NEAR(estimate.ci95(), 1.96 * estimate.standard_error(), 1e-4);
}

TEST(MeanEstimateTest, KeepsASmallSpreadAboutALargeMean) {
  MeanEstimate estimate;
  for (int i = 0; i < 100000; ++i) estimate.Add(1e9 + (i % 2));
  EXPECT_NEAR(estimate.standard_error(), 0.5 / std::sqrt(100000 - 1), 1e-9);
}

}  // namespace
}  // namespace recbots
