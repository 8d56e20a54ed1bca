#include "common/inference/value_head.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "common/inference/dense_mlp.h"
#include "tests/support/hidden_layers.h"
#include "tests/support/naive_mlp.h"
#include "tests/support/plain_network.h"

namespace recbots {
namespace {

using Kind = ValueHead::Kind;

TEST(ValueHeadTest, BinsLieEvenlyOnTheSymmetricLogarithmicScale) {
  for (const int atoms : {2, 5, 50, 51, 512}) {
    for (const double range : {0.01, 1.0, 100.0, 1e9}) {
      const std::vector<float> bins = BinsOf({Kind::kTwoHot, atoms, range});
      ASSERT_EQ(bins.size(), static_cast<size_t>(atoms));
      EXPECT_FLOAT_EQ(bins.back(), static_cast<float>(range));
      for (size_t i = 0; i < bins.size(); ++i) {
        EXPECT_EQ(bins[i], -bins[bins.size() - 1 - i]);
        const double want = (2.0 * static_cast<double>(i) / (atoms - 1) - 1) * std::log1p(range);
        EXPECT_NEAR(std::copysign(std::log1p(std::abs(bins[i])), bins[i]), want, 1e-6 * std::log1p(range) + 1e-7);
        if (i > 0) {
          EXPECT_GT(bins[i], bins[i - 1]);
        }
      }
    }
  }
}

TEST(ValueHeadTest, TheMeanOfTwoNeighboursIsTheValue) {
  const std::vector<float> bins = BinsOf({Kind::kTwoHot, 21, 50});
  const auto mean = [&](const TwoHot& two) {
    return two.share * double{bins[two.first]} + (1 - two.share) * double{bins[two.first + 1]};
  };
  for (double value = -50; value <= 50; value += 0.37) {
    const TwoHot two = TwoHotOf(value, bins);
    EXPECT_NEAR(mean(two), value, 1e-9);
    EXPECT_GE(two.share, 0);
    EXPECT_LE(two.share, 1);
    EXPECT_LE(double{bins[two.first]}, value);
    EXPECT_GE(double{bins[two.first + 1]}, value - 1e-9);
  }
  EXPECT_NEAR(mean(TwoHotOf(1e9, bins)), 50, 1e-5);
  EXPECT_NEAR(mean(TwoHotOf(-1e9, bins)), -50, 1e-5);
  EXPECT_TRUE(std::isnan(TwoHotOf(std::nan(""), bins).share));
}

TEST(ValueHeadTest, TheMeanOfBinsIsThatOfTheSoftmax) {
  const std::vector<float> bins = BinsOf({Kind::kTwoHot, 5, 10});
  EXPECT_EQ(MeanOfBins(std::vector<float>(5, 3.0f).data(), bins), 0) << "mirrored bins cancel";
  const std::vector<float> logits = {0.5f, -1, 2, 0, 1};
  double sum = 0, total = 0;
  for (size_t i = 0; i < 5; ++i) {
    sum += std::exp(double{logits[i]}) * double{bins[i]};
    total += std::exp(double{logits[i]});
  }
  EXPECT_NEAR(MeanOfBins(logits.data(), bins), sum / total, 1e-6);
  std::vector<float> sure = {-1e30f, 0, -1e30f, -2e5f, -3};
  EXPECT_NEAR(MeanOfBins(sure.data(), bins),
              (double{bins[1]} + std::exp(-3.0) * double{bins[4]}) / (1 + std::exp(-3.0)), 1e-6);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    sure[3] = bad;
    EXPECT_TRUE(std::isnan(MeanOfBins(sure.data(), bins)));
  }
}

// Acting's tail of every shape and head beside the formulas; sums of up to 21 numbers of about 1.
TEST(ValueHeadTest, ActingComputesTheValueOfEveryHead) {
  constexpr int kInputs = 6;
  constexpr double kRange = 20;
  std::vector<HiddenLayers> shapes = testing::AllHiddenLayers();
  for (const HiddenLayers& hidden : shapes) {
    for (const Kind kind : {Kind::kScalar, Kind::kQuantile, Kind::kTwoHot}) {
      const ValueHead head = {kind, 7, kRange};
      const std::string name = HeadName("q", head);
      std::vector<NamedTensor> tensors =
          testing::RandomTensors(MlpTensors(name, MlpShape(kInputs, hidden, head.outputs())), 3);
      const TensorMap map(tensors);
      const DenseLayer first = FirstLayerPart(map, name, 0, kInputs, /*with_bias=*/true, hidden);
      DenseMlpTail tail(map, name, hidden, head);
      std::vector<float> zeros(static_cast<size_t>(first.padded_outputs())), z = zeros, more(8);
      for (size_t i = 0; i < 7; ++i) more[i] = 0.3f * static_cast<float>(i);
      Rng rng(4, Purpose::kTest, {});
      for (int row = 0; row < 9; ++row) {
        const std::vector<float> x = testing::Normals(kInputs, rng);
        first.Apply(x.data(), kInputs, 1, /*relu=*/false, z.data());
        testing::Outputs outputs = testing::RunMlp(tensors, "q", {x.begin(), x.end()});
        float value = 0;
        const bool adds = kind == Kind::kTwoHot && row % 2 == 1;
        for (size_t i = 0; adds && i < 7; ++i) outputs.values[i] += double{more[i]};
        tail.Begin(&value, adds ? more.data() : nullptr);
        tail.Push(z.data(), zeros.data());
        tail.End();
        const double want = testing::MeanOf(tensors, outputs, kRange).value;
        EXPECT_NEAR(value + tail.bias(), want, 1e-4 * std::max(1.0, std::abs(want))) << name << " " << hidden.depth();
      }
    }
  }
}

}  // namespace
}  // namespace recbots
