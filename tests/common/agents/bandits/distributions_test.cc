#include "common/agents/bandits/distributions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace recbots {
namespace {

constexpr int kDraws = 20000;

// Largest distance between the empirical distribution of `x` and `cdf`.
template <typename Cdf>
double KolmogorovDistance(std::vector<double> x, Cdf cdf) {
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double distance = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    distance = std::max({distance, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return distance;
}

// P(distance > 2.7 / sqrt(n)) < 1e-6; catches a probability that is wrong by 0.012.
constexpr double kLimit = 2.7;

// Integer shapes: 1 - exp(-x) sum_{j < shape} x^j / j!.
double ErlangCdf(int shape, double x) {
  double term = 1, sum = 0;
  for (int j = 0; j < shape; ++j) {
    sum += term;
    term *= x / (j + 1);
  }
  return 1 - std::exp(-x) * sum;
}

TEST(SampleGammaTest, HasTheDistributionOfIntegerShapes) {
  for (const int shape : {1, 2, 7, 40}) {
    Rng draws(11, Purpose::kTest, {static_cast<uint32_t>(shape), 0, 0});
    std::vector<double> x(kDraws);
    for (double& value : x) value = SampleGamma(shape, draws);
    const double limit = kLimit / std::sqrt(1.0 * kDraws);
    EXPECT_LT(KolmogorovDistance(x, [&](double v) { return ErlangCdf(shape, v); }), limit) << shape;
  }
}

// Gamma(1/2) is half a squared normal: P(x <= v) = erf(sqrt(v)).
TEST(SampleGammaTest, HasTheDistributionOfShapesBelowOne) {
  std::vector<double> x;
  for (uint32_t step = 0; step < kDraws; ++step) {
    Rng draws(12, Purpose::kTest, {0, 0, step});
    x.push_back(SampleGamma(0.5, draws));
  }
  EXPECT_LT(KolmogorovDistance(x, [](double v) { return std::erf(std::sqrt(v)); }), kLimit / std::sqrt(1.0 * kDraws));
}

TEST(SampleBetaTest, HasTheDistributionKnownInClosedForm) {
  for (const double a : {0.25, 1.0, 3.0, 50.0}) {
    std::vector<double> x, mirrored;
    for (uint32_t step = 0; step < kDraws; ++step) {
      Rng draws(13, Purpose::kTest, {0, static_cast<uint32_t>(100 * a), step});
      x.push_back(SampleBeta(a, 1, draws));         // P(x <= v) = v^a
      mirrored.push_back(SampleBeta(1, a, draws));  // P(x <= v) = 1 - (1 - v)^a
    }
    const double limit = kLimit / std::sqrt(1.0 * kDraws);
    EXPECT_LT(KolmogorovDistance(x, [&](double v) { return std::pow(v, a); }), limit) << a;
    EXPECT_LT(KolmogorovDistance(mirrored, [&](double v) { return 1 - std::pow(1 - v, a); }), limit) << a;
  }
}

TEST(SampleBetaTest, HasTheMomentsOfUnevenParameters) {
  Rng draws(14, Purpose::kTest, {});
  const double a = 3.5, b = 17.25, mean = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = SampleBeta(a, b, draws);
    ASSERT_GT(x, 0);
    ASSERT_LT(x, 1);
    sum += x - mean;
    squares += (x - mean) * (x - mean);
  }
  EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws));
  EXPECT_NEAR(squares / kDraws / variance, 1, 5 * std::sqrt(2.5 / kDraws));  // Kurtosis is below 3.5.
}

TEST(SampleBetaTest, SurvivesShapesAtTheEndOfTheRange) {
  Rng draws(15, Purpose::kTest, {});
  for (int i = 0; i < 1000; ++i) {
    const double x = SampleBeta(1e-9, 1e-9, draws);
    EXPECT_TRUE(x >= 0 && x <= 1) << x;
    const double y = SampleBeta(1e9, 1e9, draws);
    EXPECT_NEAR(y, 0.5, 1e-3);
  }
}

TEST(BernoulliRewardTest, ComparesWithTheUniformNumber) {
  EXPECT_EQ(BernoulliReward(0.3, 0.2999), 1);
  EXPECT_EQ(BernoulliReward(0.3, 0.3), 0);
  EXPECT_EQ(BernoulliReward(0, 0), 0);
  EXPECT_EQ(BernoulliReward(1, 0.9999999), 1);
}

}  // namespace
}  // namespace recbots
