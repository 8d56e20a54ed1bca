#include "common/inference/dense.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/base/random.h"

namespace recbots {
namespace {

std::vector<float> Normals(size_t n, Rng& rng) {
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(rng.Normal());
  return values;
}

struct Problem {
  int rows, inputs, outputs;
  std::vector<float> x, weight, bias;
};
Problem MakeProblem(int rows, int inputs, int outputs) {
  Rng rng(7, Purpose::kTest,
          {static_cast<uint32_t>(rows), static_cast<uint32_t>(inputs), static_cast<uint32_t>(outputs)});
  const auto size = [](int a, int b) { return static_cast<size_t>(a) * static_cast<size_t>(b); };
  Problem problem = {rows, inputs, outputs, {}, {}, {}};
  problem.x = Normals(size(rows, inputs), rng);
  problem.weight = Normals(size(outputs, inputs), rng);
  problem.bias = Normals(size(1, outputs), rng);
  return problem;
}
double Expected(const Problem& p, int row, int output) {
  double sum = p.bias[static_cast<size_t>(output)];
  for (int i = 0; i < p.inputs; ++i) {
    sum += double{p.x[static_cast<size_t>(row * p.inputs + i)]} * p.weight[static_cast<size_t>(output * p.inputs + i)];
  }
  return sum;
}
// Rounding of a sum of n terms of size about 1.
double Tolerance(int n) { return 1e-5 * std::sqrt(n); }

TEST(DenseLayerTest, MultipliesMatricesOfAllSizes) {
  for (const int rows : {1, 2, 3, 4, 5, 6, 7, 12, 17}) {
    for (const int inputs : {1, 2, 10, 64, 65}) {
      for (const int outputs : {1, 3, 8, 16, 17, 33, 48, 64, 65, 130}) {
        const Problem p = MakeProblem(rows, inputs, outputs);
        const DenseLayer layer(p.weight.data(), static_cast<size_t>(inputs), p.bias, outputs, inputs);
        AlignedFloats y(static_cast<size_t>(rows * layer.padded_outputs()));
        for (const bool relu : {false, true}) {
          layer.Apply(p.x.data(), static_cast<size_t>(inputs), rows, relu, y.data());
          for (int row = 0; row < rows; ++row) {
            for (int o = 0; o < layer.padded_outputs(); ++o) {
              const double sum = o < outputs ? Expected(p, row, o) : 0;
              const double want = relu ? std::max(0.0, sum) : sum;
              ASSERT_NEAR(y[static_cast<size_t>(row * layer.padded_outputs() + o)], want, Tolerance(inputs))
                  << rows << " " << inputs << " " << outputs << " at " << row << " " << o;
            }
          }
        }
      }
    }
  }
}

TEST(DenseLayerTest, AppliesTheHead) {
  for (int rows = 1; rows <= DenseLayer::kHeadRows; ++rows) {
    for (const int outputs : {1, 5, 16, 40, 64, 100}) {
      const Problem p = MakeProblem(rows, 20, outputs);
      const DenseLayer layer(p.weight.data(), 20, p.bias, outputs, 20);
      AlignedFloats head(static_cast<size_t>(layer.padded_outputs()));
      for (int o = 0; o < outputs; ++o) head[static_cast<size_t>(o)] = 0.1f * static_cast<float>(o % 7 - 3);
      std::vector<float> y(static_cast<size_t>(rows), -1);
      layer.ApplyWithHead(p.x.data(), 20, rows, head.data(), y.data());
      for (int row = 0; row < rows; ++row) {
        double want = 0;
        for (int o = 0; o < outputs; ++o) want += std::max(0.0, Expected(p, row, o)) * head[static_cast<size_t>(o)];
        EXPECT_NEAR(y[static_cast<size_t>(row)], want, Tolerance(20 * outputs));
      }
    }
  }
}

TEST(DenseLayerTest, ARowDoesNotDependOnTheOthers) {
  const Problem p = MakeProblem(13, 37, 70);
  const DenseLayer layer(p.weight.data(), 37, p.bias, 70, 37);
  const auto width = static_cast<size_t>(layer.padded_outputs());
  AlignedFloats together(13 * width), alone(width);
  layer.Apply(p.x.data(), 37, 13, /*relu=*/false, together.data());
  for (size_t row = 0; row < 13; ++row) {
    layer.Apply(p.x.data() + row * 37, 37, 1, /*relu=*/false, alone.data());
    EXPECT_TRUE(std::equal(alone.data(), alone.data() + width, together.data() + row * width)) << row;
  }
}

}  // namespace
}  // namespace recbots
