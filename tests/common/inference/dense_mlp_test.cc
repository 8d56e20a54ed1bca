#include "common/inference/dense_mlp.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/naive_mlp.h"

namespace recbots {
namespace {

constexpr int kUser = 5, kItem = 3, kMaxRows = 15;

// A perceptron among others, whose names come in any order.
std::vector<NamedTensor> MakeTensors(const MlpSizes& sizes) {
  std::vector<TensorSpec> specs = MlpTensors("other", {2, 2, 2, 1});
  for (const TensorSpec& spec : MlpTensors("net", sizes)) specs.insert(specs.begin(), spec);
  return testing::RandomTensors(specs, 3);
}

// Those of "net", in order.
std::vector<NamedTensor> InOrder(const std::vector<NamedTensor>& tensors) {
  return {tensors.rend() - 6, tensors.rend()};
}

TEST(DenseMlpTest, AgreesWithTheFormulaForAnyNumberOfRows) {
  for (const MlpSizes& sizes : {MlpSizes{kUser, 16, 16, 1}, {kUser, 33, 17, 9}, {kUser, 1, 1, 1}}) {
    const std::vector<NamedTensor> tensors = MakeTensors(sizes), net = InOrder(tensors);
    DenseMlp mlp(TensorMap(tensors), "net", kMaxRows);
    Rng rng(4, Purpose::kTest, {});
    for (const int rows : {1, 6, 7, kMaxRows}) {
      const std::vector<float> x = testing::Normals(static_cast<size_t>(rows * kUser), rng);
      const float* y = mlp.Run(x.data(), rows);
      for (int row = 0; row < rows; ++row) {
        const std::vector<double> want =
            testing::NaiveMlp(net, 0, {x.begin() + row * kUser, x.begin() + (row + 1) * kUser});
        for (size_t o = 0; o < want.size(); ++o) {
          // Sums of at most 39 products of numbers of about 1.
          EXPECT_NEAR(y[static_cast<size_t>(row) * mlp.padded_outputs() + o], want[o], 1e-4 * (1 + std::abs(want[o])));
        }
      }
    }
  }
}

TEST(DenseMlpTailTest, PartsOfTheFirstLayerAndTheTailAreTheWhole) {
  const MlpSizes sizes = {kUser + kItem, 20, 13, 1};
  const std::vector<NamedTensor> tensors = MakeTensors(sizes);
  const TensorMap map(tensors);
  const DenseLayer user = FirstLayerPart(map, "net", 0, kUser, /*with_bias=*/true);
  const DenseLayer item = FirstLayerPart(map, "net", kUser, kItem, /*with_bias=*/false);
  DenseMlpTail tail(map, "net");
  Rng rng(4, Purpose::kTest, {});
  for (const int rows : {0, 1, 5, 6, 7, 13}) {
    const std::vector<float> u = testing::Normals(kUser, rng),
                             x = testing::Normals(static_cast<size_t>(rows * kItem), rng);
    const auto padded = static_cast<size_t>(user.padded_outputs());
    std::vector<float> of_user(padded), of_items(padded * static_cast<size_t>(rows)),
        values(static_cast<size_t>(rows) + 1, -7);
    user.Apply(u.data(), kUser, 1, /*relu=*/false, of_user.data());
    item.Apply(x.data(), kItem, rows, /*relu=*/false, of_items.data());
    tail.Begin(values.data());
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row)
      tail.Push(of_user.data(), of_items.data() + row * padded);
    tail.End();
    EXPECT_EQ(values.back(), -7) << "nothing is written behind the rows";
    for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
      const double want =
          testing::NaiveValue(InOrder(tensors), 0, u, absl::MakeConstSpan(x).subspan(row * kItem, kItem));
      EXPECT_NEAR(values[row] + tail.bias(), want, 1e-4 * (1 + std::abs(want)));
    }
  }
}

}  // namespace
}  // namespace recbots
