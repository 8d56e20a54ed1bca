#include "common/inference/dense.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "common/base/random.h"
#include "common/inference/lanes.h"

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
AlignedFloats MakeHead(const DenseLayer& layer) {
  AlignedFloats head(static_cast<size_t>(layer.padded_outputs()));
  for (int o = 0; o < layer.num_outputs(); ++o) head[static_cast<size_t>(o)] = 0.1f * static_cast<float>(o % 7 - 3);
  return head;
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
      const AlignedFloats head = MakeHead(layer);
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

// One step of a sum, as lanes.h promises it. (This file is compiled without contraction.)
float Step(float a, float b, float c) { return kFusedMultiplyAdd ? std::fma(a, b, c) : a * b + c; }

float Formula(const Problem& p, size_t row, size_t output) {
  const auto inputs = static_cast<size_t>(p.inputs);
  float sum = p.bias[output];
  for (size_t i = 0; i < inputs; ++i) sum = Step(p.x[row * inputs + i], p.weight[output * inputs + i], sum);
  return sum;
}

float FormulaWithHead(const Problem& p, size_t row, const AlignedFloats& head) {
  float lanes[16] = {};
  for (size_t o = 0; o < static_cast<size_t>(p.outputs); ++o) {
    lanes[o % 16] = Step(std::max(0.0f, Formula(p, row, o)), head[o], lanes[o % 16]);
  }
  for (size_t half = 8; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// One, two, three, four registers of 4, 8 and 16 floats, full and not; whole panels, and a panel with more behind it.
constexpr int kWidths[] = {1,  3,  4,  5,  8,  9,  12, 15, 16,  17,  24,  31, 32,
                           33, 40, 48, 50, 64, 65, 80, 96, 100, 112, 128, 130};
constexpr int kMaxRows = 13;

// Every copy of the kernel, for each number of rows and of registers, is the same function bit for bit: so a row's
// values depend neither on the other rows nor on which copy computes it.
TEST(DenseLayerTest, EveryKernelFollowsTheFormulaBitForBit) {
  for (const int outputs : kWidths) {
    for (const int inputs : {1, 2, 37, 64}) {
      const Problem p = MakeProblem(kMaxRows, inputs, outputs);
      const DenseLayer layer(p.weight.data(), static_cast<size_t>(inputs), p.bias, outputs, inputs);
      const auto width = static_cast<size_t>(layer.padded_outputs());
      for (int rows = 1; rows <= kMaxRows; ++rows) {
        AlignedFloats y(static_cast<size_t>(rows) * width);
        for (const bool relu : {false, true}) {
          layer.Apply(p.x.data(), static_cast<size_t>(inputs), rows, relu, y.data());
          for (size_t i = 0; i < static_cast<size_t>(rows) * width; ++i) {
            const bool padding = i % width >= static_cast<size_t>(outputs);
            const float value = padding ? 0 : Formula(p, i / width, i % width);
            ASSERT_EQ(y[i], relu ? std::max(0.0f, value) : value)
                << rows << " x " << inputs << " x " << outputs << " at row " << i / width << ", column " << i % width;
          }
        }
      }
    }
  }
}

TEST(DenseLayerTest, EveryKernelWithAHeadFollowsTheFormulaBitForBit) {
  for (const int outputs : kWidths) {
    for (const int inputs : {1, 2, 37, 64}) {
      const Problem p = MakeProblem(DenseLayer::kHeadRows, inputs, outputs);
      const DenseLayer layer(p.weight.data(), static_cast<size_t>(inputs), p.bias, outputs, inputs);
      const AlignedFloats head = MakeHead(layer);
      for (int rows = 1; rows <= DenseLayer::kHeadRows; ++rows) {
        std::vector<float> y(static_cast<size_t>(rows), -1);
        layer.ApplyWithHead(p.x.data(), static_cast<size_t>(inputs), rows, head.data(), y.data());
        for (size_t row = 0; row < y.size(); ++row) {
          ASSERT_EQ(y[row], FormulaWithHead(p, row, head))
              << "row " << row << " of " << rows << " x " << inputs << " x " << outputs;
        }
      }
    }
  }
}

// Batches of any number of rows that begin anywhere, against the row alone.
TEST(DenseLayerTest, ARowDoesNotDependOnTheOthers) {
  constexpr size_t kInputs = 37;
  for (const int outputs : kWidths) {
    const Problem p = MakeProblem(kMaxRows, kInputs, outputs);
    const DenseLayer layer(p.weight.data(), kInputs, p.bias, outputs, kInputs);
    const AlignedFloats head = MakeHead(layer);
    const auto width = static_cast<size_t>(layer.padded_outputs());
    AlignedFloats alone(kMaxRows * width), together(kMaxRows * width);
    std::vector<float> values_alone(kMaxRows), values(kMaxRows);
    for (size_t row = 0; row < kMaxRows; ++row) {
      const float* x = p.x.data() + row * kInputs;
      layer.Apply(x, kInputs, 1, /*relu=*/false, alone.data() + row * width);
      layer.ApplyWithHead(x, kInputs, 1, head.data(), &values_alone[row]);
    }
    for (size_t first = 0; first < kMaxRows; ++first) {
      const float* x = p.x.data() + first * kInputs;
      for (int rows = 1; rows <= kMaxRows - static_cast<int>(first); ++rows) {
        SCOPED_TRACE(::testing::Message() << rows << " rows from " << first << ", " << outputs << " outputs");
        layer.Apply(x, kInputs, rows, /*relu=*/false, together.data());
        ASSERT_EQ(std::memcmp(together.data(), alone.data() + first * width,
                              static_cast<size_t>(rows) * width * sizeof(float)),
                  0);
        if (rows > DenseLayer::kHeadRows) continue;
        layer.ApplyWithHead(x, kInputs, rows, head.data(), values.data());
        ASSERT_TRUE(
            std::equal(values.begin(), values.begin() + rows, values_alone.begin() + static_cast<ptrdiff_t>(first)));
      }
    }
  }
}

// The bits are part of results: the same with AVX2 and AVX-512, and others on all processors without fused
// multiply-add.
TEST(DenseLayerTest, GivesTheSameBitsOnAllProcessorsThatFuseAlike) {
  constexpr int kRows = 6, kInputs = 50, kOutputs = 90;
  Rng rng(9, Purpose::kTest, {});
  const auto uniform = [&rng](size_t n) {  // Not normal numbers: these come with the bits of the C library.
    std::vector<float> values(n);
    for (float& value : values) value = static_cast<float>(rng.Uniform(-1, 1));
    return values;
  };
  const Problem p = {
      kRows, kInputs, kOutputs, uniform(kRows * kInputs), uniform(kOutputs * kInputs), uniform(kOutputs)};
  const DenseLayer layer(p.weight.data(), kInputs, p.bias, kOutputs, kInputs);
  std::vector<float> y(kRows);
  layer.ApplyWithHead(p.x.data(), kInputs, kRows, MakeHead(layer).data(), y.data());
  uint64_t hash = 14695981039346656037ULL;
  for (const float value : y) hash = (hash ^ std::bit_cast<uint32_t>(value)) * 1099511628211ULL;
  EXPECT_EQ(hash, kFusedMultiplyAdd ? 12004452357659825879u : 13815238612261104005u);
}

TEST(LanesTest, MultiplyAddRoundsAsItSays) {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, whose last term a product of floats has no room for.
  const float a = 1 + 0x1p-12f, c = -1 - 0x1p-11f;
  const Lanes sum = MultiplyAdd(Broadcast(a), Broadcast(a), Broadcast(c));
  for (int i = 0; i < kLanes; ++i) EXPECT_EQ(sum[i], kFusedMultiplyAdd ? 0x1p-24f : 0);
}

TEST(DenseLayerTest, AddsAndCutsAtZero) {
  for (const int n : {1, 5, 16, 40, 130}) {
    const auto padded = static_cast<size_t>(PaddedSize(n));
    Rng rng(8, Purpose::kTest, {static_cast<uint32_t>(n)});
    const std::vector<float> a = Normals(padded, rng), b = Normals(padded, rng);
    std::vector<float> y(padded, -1);
    AddRelu(a.data(), b.data(), static_cast<int>(padded), y.data());
    for (size_t i = 0; i < padded; ++i) EXPECT_EQ(y[i], std::max(0.0f, a[i] + b[i]));
  }
}

}  // namespace
}  // namespace recbots
