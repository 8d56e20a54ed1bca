#include "common/agents/bandits/logistic_bandit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/agents/bandits/cholesky.h"

namespace recbots {
namespace {

std::vector<double> RandomVector(Rng& draws, size_t n) {
  std::vector<double> x(n);
  for (double& value : x) value = draws.Uniform(-1, 1);
  return x;
}

// A = B B^T + I, row-major.
std::vector<double> RandomPositiveDefinite(Rng& draws, size_t n) {
  const std::vector<double> b = RandomVector(draws, n * n);
  std::vector<double> a(n * n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      a[i * n + j] = i == j ? 1 : 0;
      for (size_t k = 0; k < n; ++k) a[i * n + j] += b[i * n + k] * b[j * n + k];
    }
  }
  return a;
}

TEST(CholeskyTest, SolvesWhatItFactored) {
  for (size_t n = 1; n <= 24; ++n) {
    Rng draws(1, Purpose::kTest, {static_cast<uint32_t>(n), 0, 0});
    const std::vector<double> a = RandomPositiveDefinite(draws, n), x = RandomVector(draws, n);
    std::vector<double> b(n), factor = a;
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) b[i] += a[i * n + j] * x[j];
    }
    ASSERT_TRUE(CholeskyFactor(n, factor.data()));
    SolveLower(n, factor.data(), b.data());
    SolveLowerTransposed(n, factor.data(), b.data());
    for (size_t i = 0; i < n; ++i) EXPECT_NEAR(b[i], x[i], 1e-11);
  }
}

TEST(CholeskyTest, AddsOuterProductsLikeFactoringAnew) {
  for (const size_t n : {1U, 2U, 5U, 20U}) {
    Rng draws(2, Purpose::kTest, {static_cast<uint32_t>(n), 0, 0});
    std::vector<double> a = RandomPositiveDefinite(draws, n), updated = a;
    ASSERT_TRUE(CholeskyFactor(n, updated.data()));
    for (int step = 0; step < 50; ++step) {
      std::vector<double> x = RandomVector(draws, n);
      if (step % 3 == 0) std::fill(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n / 2), 0.0);
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j < n; ++j) a[i * n + j] += x[i] * x[j];
      }
      CholeskyAddOuter(n, updated.data(), x.data());
      std::vector<double> factor = a;
      ASSERT_TRUE(CholeskyFactor(n, factor.data()));
      for (size_t i = 0; i < n; ++i) {
        for (size_t j = 0; j <= i; ++j) EXPECT_NEAR(updated[i * n + j], factor[i * n + j], 1e-11);
      }
    }
  }
}

TEST(CholeskyTest, RefusesWhatIsNotPositiveDefinite) {
  std::vector<double> singular = {1, 1, 1, 1}, negative = {-1};
  EXPECT_FALSE(CholeskyFactor(2, singular.data()));
  EXPECT_FALSE(CholeskyFactor(1, negative.data()));
}

struct Data {
  std::vector<double> arms, rewards;
};

// n clicks of a user with these weights.
Data Simulate(const std::vector<double>& weights, size_t n, uint32_t stream) {
  Rng draws(3, Purpose::kTest, {stream, 0, 0});
  Data data;
  for (size_t row = 0; row < n; ++row) {
    const std::vector<double> x = RandomVector(draws, weights.size());
    double z = 0;
    for (size_t i = 0; i < x.size(); ++i) z += x[i] * weights[i];
    data.rewards.push_back(draws.Uniform() < 1 / (1 + std::exp(-z)) ? 1 : 0);
    data.arms.insert(data.arms.end(), x.begin(), x.end());
  }
  return data;
}

// Where the posterior is largest its gradient X^T (p - y) + w / sigma0^2 vanishes. The fit stops when a step is shorter
// than 1e-3; Newton's method squares the distance, and the curvature here is below 100.
TEST(FitLogisticTest, FindsTheMaximumOfThePosterior) {
  const std::vector<double> truth = {1.5, -2, 0.5};
  const Data data = Simulate(truth, 1000, 0);
  for (const double sigma0 : {0.3, 1.0, 10.0}) {
    std::vector<double> w(3), gram(9), factor(9);
    ASSERT_TRUE(
        FitLogistic(data.arms, data.rewards, sigma0, absl::MakeSpan(w), absl::MakeSpan(gram), absl::MakeSpan(factor)));
    for (size_t i = 0; i < 3; ++i) {
      double gradient = w[i] / (sigma0 * sigma0);
      for (size_t row = 0; row < data.rewards.size(); ++row) {
        const double* x = &data.arms[3 * row];
        const double p = 1 / (1 + std::exp(-(x[0] * w[0] + x[1] * w[1] + x[2] * w[2])));
        gradient += x[i] * (p - data.rewards[row]);
      }
      EXPECT_NEAR(gradient, 0, 1e-3) << sigma0;
    }
    // The truth is within five posterior standard deviations where the prior is weak.
    if (sigma0 >= 1) {
      for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(w[i], truth[i], 5 / std::sqrt(gram[4 * i] / 2)) << sigma0;
    }
  }
}

TEST(FitLogisticTest, KnowsNothingFromFewObservationsOrSingularOnes) {
  Data data = Simulate({2, 2}, kMinLogisticObservations, 1);
  std::vector<double> w = {7, 7}, gram(4), factor(4);
  const std::vector<double> zero(2), prior = {4, 0, 0, 4}, prior_factor = {2, 0, 0, 2};
  const auto fit = [&] {
    return FitLogistic(data.arms, data.rewards, 0.5, absl::MakeSpan(w), absl::MakeSpan(gram), absl::MakeSpan(factor));
  };
  EXPECT_TRUE(fit());
  EXPECT_EQ(w, zero);
  EXPECT_EQ(gram, prior);
  data = Simulate({2, 2}, 20, 1);
  EXPECT_TRUE(fit());
  EXPECT_NE(w, zero);
  // The same two enormous features again and again: the prior is lost beside them.
  std::fill(data.arms.begin(), data.arms.end(), 1e30);
  EXPECT_FALSE(fit());
  EXPECT_EQ(w, zero);
  EXPECT_EQ(gram, prior);
  EXPECT_EQ(factor, prior_factor);
}

TEST(LogisticBanditTest, RefitsOnItsScheduleAndEndsWhereAFitOfAllWouldBe) {
  const Data data = Simulate({1, -1}, 400, 2);
  LogisticBandit bandit(2, {.refit_growth = 2, .max_history = 1000});
  int fits = 0;
  std::vector<double> previous = {0, 0};
  for (size_t row = 0; row < 400; ++row) {
    bandit.Observe(absl::MakeConstSpan(&data.arms[2 * row], 2), data.rewards[row]);
    const std::vector<double> w(bandit.weights().begin(), bandit.weights().end());
    if (w != previous) {
      ++fits;
      // 11, 22, 44, ...
      const auto n = static_cast<std::ptrdiff_t>(row + 1);
      EXPECT_EQ(n, 11 << (fits - 1));
      std::vector<double> all(2), gram(4), factor(4);
      FitLogistic(absl::MakeConstSpan(data.arms.data(), static_cast<size_t>(2 * n)),
                  absl::MakeConstSpan(data.rewards.data(), static_cast<size_t>(n)), 1, absl::MakeSpan(all),
                  absl::MakeSpan(gram), absl::MakeSpan(factor));
      EXPECT_EQ(w, all);
    }
    previous = w;
  }
  EXPECT_EQ(fits, 6);
}

// A user who changes: with a short history the fit follows, because old observations leave it.
TEST(LogisticBanditTest, FitsOnlyItsHistory) {
  const Data before = Simulate({3, 0}, 300, 3), after = Simulate({-3, 0}, 60, 4);
  LogisticBandit bandit(2, {.refit_growth = 1, .max_history = 50});
  const auto observe = [&](const Data& data) {
    for (size_t row = 0; row < data.rewards.size(); ++row) {
      bandit.Observe(absl::MakeConstSpan(&data.arms[2 * row], 2), data.rewards[row]);
    }
  };
  observe(before);
  EXPECT_GT(bandit.weights()[0], 0.5);
  observe(after);
  EXPECT_LT(bandit.weights()[0], -0.5);
  // The same as having seen the last 50 alone, up to the order of summation.
  LogisticBandit fresh(2, {.refit_growth = 1, .max_history = 50});
  for (size_t row = 10; row < 60; ++row) {
    fresh.Observe(absl::MakeConstSpan(&after.arms[2 * row], 2), after.rewards[row]);
  }
  for (size_t i = 0; i < 2; ++i) EXPECT_NEAR(bandit.weights()[i], fresh.weights()[i], 1e-12);
}

TEST(LogisticBanditTest, ForgetsEverything) {
  const Data data = Simulate({1, -1}, 40, 5);
  LogisticBandit used(2, {}), fresh(2, {});
  for (size_t row = 0; row < 40; ++row) used.Observe(absl::MakeConstSpan(&data.arms[2 * row], 2), data.rewards[row]);
  used.Forget();
  EXPECT_EQ(used.num_observations(), 0U);
  const std::vector<double> x = {0.3, -0.7};
  EXPECT_EQ(used.UcbIndex(x, 2), fresh.UcbIndex(x, 2));
  EXPECT_NEAR(fresh.UcbIndex(x, 2), 2 * std::sqrt(0.09 + 0.49), 1e-15);
}

// Samples have the mean w and the covariance scaling^2 gram^-1, so that L^T (sample - w) / scaling is white.
TEST(LogisticBanditTest, SamplesWeightsFromThePosterior) {
  const Data data = Simulate({2, -1}, 200, 6);
  LogisticBandit bandit(2, {.refit_growth = 1});
  for (size_t row = 0; row < 200; ++row) bandit.Observe(absl::MakeConstSpan(&data.arms[2 * row], 2), data.rewards[row]);
  std::vector<double> factor(bandit.gram().begin(), bandit.gram().end());
  ASSERT_TRUE(CholeskyFactor(2, factor.data()));
  constexpr int kDraws = 20000;
  constexpr double kScaling = 1.7;
  Rng draws(4, Purpose::kTest, {});
  double sum[2] = {}, products[3] = {};
  for (int i = 0; i < kDraws; ++i) {
    double sample[2];
    bandit.SampleWeights(kScaling, draws, sample);
    const double d0 = (sample[0] - bandit.weights()[0]) / kScaling, d1 = (sample[1] - bandit.weights()[1]) / kScaling;
    const double z0 = factor[0] * d0 + factor[2] * d1, z1 = factor[3] * d1;
    sum[0] += z0;
    sum[1] += z1;
    products[0] += z0 * z0;
    products[1] += z1 * z1;
    products[2] += z0 * z1;
  }
  const double tolerance = 5 / std::sqrt(1.0 * kDraws);
  for (const double s : sum) EXPECT_NEAR(s / kDraws, 0, tolerance);
  EXPECT_NEAR(products[0] / kDraws, 1, tolerance * std::sqrt(2.0));
  EXPECT_NEAR(products[1] / kDraws, 1, tolerance * std::sqrt(2.0));
  EXPECT_NEAR(products[2] / kDraws, 0, tolerance);
}

}  // namespace
}  // namespace recbots
