#include "common/algorithms/value_loss.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "common/base/random.h"
#include "common/inference/value_head.h"

namespace recbots {
namespace {

std::vector<double> Normals(size_t n, double size, Rng& rng) {
  std::vector<double> values(n);
  for (double& value : values) value = size * rng.Normal();
  return values;
}

at::Tensor Row(const std::vector<double>& values) {
  return at::tensor(values, at::TensorOptions(at::kDouble)).unsqueeze(0);
}

// The loss and, in `gradient`, its gradient, of the last of two rows of the batch forms; the first one is another row.
double LastRow(const ValueLosses& losses, std::vector<double>& gradient) {
  EXPECT_EQ(losses.rows.size(0), 2);
  const at::Tensor last = losses.d_outputs[1].contiguous();
  gradient.assign(last.data_ptr<double>(), last.data_ptr<double>() + last.numel());
  return losses.rows[1].item<double>();
}
double QuantileLoss(const std::vector<double>& theta, const std::vector<double>& y, const std::vector<double>& shares,
                    double kappa, std::vector<double>& gradient) {
  const at::Tensor quantiles = at::cat({Row(theta).add(3), Row(theta)}), atoms = at::cat({Row(y).neg(), Row(y)});
  return LastRow(QuantileLosses(quantiles, atoms, at::cat({Row(shares), Row(shares)}), kappa), gradient);
}
double TwoHotLoss(const std::vector<double>& logits, double target, const std::vector<float>& bins,
                  std::vector<double>& gradient) {
  const at::Tensor targets = at::tensor({1.0, target}, at::TensorOptions(at::kDouble));
  return LastRow(TwoHotLosses(at::cat({Row(logits).neg(), Row(logits)}), targets, at::tensor(bins).to(at::kDouble)),
                 gradient);
}

// Gradients beside differences of the loss.
void ExpectGradient(const std::function<double(const std::vector<double>&)>& loss, std::vector<double> at,
                    const std::vector<double>& gradient) {
  for (size_t i = 0; i < at.size(); ++i) {
    constexpr double kStep = 1e-6;
    std::vector<double> above = at, below = at;
    above[i] += kStep;
    below[i] -= kStep;
    EXPECT_NEAR(gradient[i], (loss(above) - loss(below)) / (2 * kStep), 1e-6) << i;
  }
}

// Equation 10 of the paper, with kappa above 0.
double PaperLoss(const std::vector<double>& theta, const std::vector<double>& y, const std::vector<double>& shares,
                 double kappa) {
  double sum = 0;
  for (size_t i = 0; i < theta.size(); ++i) {
    for (size_t j = 0; j < y.size(); ++j) {
      const double tau = (2.0 * static_cast<double>(i) + 1) / (2.0 * static_cast<double>(theta.size()));
      const double u = y[j] - theta[i];
      const double huber = std::abs(u) <= kappa ? 0.5 * u * u : kappa * (std::abs(u) - 0.5 * kappa);
      sum += shares[j] * std::abs(tau - (u < 0 ? 1 : 0)) * huber / kappa;
    }
  }
  return sum;
}

TEST(QuantileLossTest, IsThatOfThePaper) {
  Rng rng(3, Purpose::kTest, {});
  for (const double kappa : {1e-9, 0.3, 1.0, 10.0}) {
    for (int repeat = 0; repeat < 5; ++repeat) {
      const std::vector<double> theta = Normals(7, 2, rng), y = Normals(11, 2, rng);
      std::vector<double> shares(y.size()), gradient(theta.size(), 77);
      for (double& share : shares) share = rng.Uniform() / static_cast<double>(y.size());
      const double loss = QuantileLoss(theta, y, shares, kappa, gradient);
      EXPECT_NEAR(loss, PaperLoss(theta, y, shares, kappa), 1e-9);
      ExpectGradient([&](const std::vector<double>& at) { return PaperLoss(at, y, shares, kappa); }, theta, gradient);
      std::vector<double> other(theta.size());
      if (kappa == 1e-9) {
        EXPECT_NEAR(QuantileLoss(theta, y, shares, 0, other), loss, 1e-8) << "the limit";
        for (size_t i = 0; i < other.size(); ++i) EXPECT_NEAR(other[i], gradient[i], 1e-14) << i;
      }
    }
  }
}

TEST(ScalarLossTest, IsTheSquareAndBeyondDeltaHubers) {
  const at::Tensor errors = at::tensor({-3.0, -0.5, 0.0, 0.5, 2.0}, at::TensorOptions(at::kDouble));
  for (const double delta : {0.0, 0.5, 1.0, 10.0}) {
    const ValueLosses losses = ScalarLosses(errors, delta);
    for (int64_t i = 0; i < errors.size(0); ++i) {
      const double e = errors[i].item<double>(), size = std::abs(e);
      const bool square = delta == 0 || size <= delta;
      EXPECT_DOUBLE_EQ(losses.rows[i].item<double>(), square ? e * e : delta * (2 * size - delta));
      EXPECT_DOUBLE_EQ(losses.d_outputs[i][0].item<double>(), square ? 2 * e : 2 * std::copysign(delta, e));
    }
  }
  EXPECT_TRUE(std::isnan(ScalarLosses(errors.mul(std::nan("")), 1).rows[0].item<double>()));
}

// Where the loss is least, theta_i has the share tau_i of the target below it.
TEST(QuantileLossTest, IsLeastAtTheQuantiles) {
  const std::vector<double> y = {1, 2, 3, 4, 5, 6, 7, 8}, shares(8, 0.125);
  std::vector<double> gradient(4);
  const std::vector<double> quantiles = {1.5, 3.5, 5.5, 7.5};  // At 1/8, 3/8, 5/8, 7/8.
  const double least = QuantileLoss(quantiles, y, shares, 0, gradient);
  for (const double g : gradient) EXPECT_NEAR(g, 0, 1e-15);
  for (size_t i = 0; i < 4; ++i) {
    for (const double step : {-1.0, 1.0}) {
      std::vector<double> moved = quantiles;
      moved[i] += step;
      EXPECT_GT(QuantileLoss(moved, y, shares, 0, gradient), least);
    }
  }
}

TEST(QuantileLossTest, AtomsOfNoShareMayHoldAnythingAndOthersShow) {
  std::vector<double> gradient(2);
  const std::vector<double> theta = {0, 1}, y = {2, std::nan("")};
  EXPECT_EQ(QuantileLoss(theta, y, std::vector<double>{1, 0}, 1, gradient),
            QuantileLoss(theta, std::vector<double>{2}, std::vector<double>{1}, 1, gradient));
  for (const double kappa : {0.0, 1.0}) {
    EXPECT_TRUE(std::isnan(QuantileLoss(theta, y, std::vector<double>{0.5, 0.5}, kappa, gradient)));
    EXPECT_TRUE(std::isnan(gradient[0]));
  }
}

TEST(TwoHotLossTest, IsTheCrossEntropyFromTheTwoBins) {
  Rng rng(4, Purpose::kTest, {});
  const std::vector<float> bins = BinsOf({ValueHead::Kind::kTwoHot, 9, 10});
  const auto plain = [&](const std::vector<double>& logits, double target) {
    double total = 0;
    for (const double logit : logits) total += std::exp(logit);
    const TwoHot two = TwoHotOf(target, bins);
    return -two.share * std::log(std::exp(logits[two.first]) / total) -
           (1 - two.share) * std::log(std::exp(logits[two.first + 1]) / total);
  };
  for (const double target : {-20.0, -10.0, -3.3, 0.0, 0.1, 7.0, 10.0, 11.0}) {
    const std::vector<double> logits = Normals(9, 2, rng);
    std::vector<double> gradient(9, 77);
    EXPECT_NEAR(TwoHotLoss(logits, target, bins, gradient), plain(logits, target), 1e-12);
    ExpectGradient([&](const std::vector<double>& at) { return plain(at, target); }, logits, gradient);
  }
  std::vector<double> gradient(9);
  EXPECT_TRUE(std::isnan(TwoHotLoss(Normals(9, 2, rng), std::nan(""), bins, gradient)));
  std::vector<double> large(9, -1e4);
  large[8] = 1e4;
  EXPECT_NEAR(TwoHotLoss(large, -10, bins, gradient), 2e4, 1e-6) << "nothing overflows";
}

}  // namespace
}  // namespace recbots
