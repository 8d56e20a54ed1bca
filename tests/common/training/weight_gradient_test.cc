#include "common/training/weight_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

// A matrix whose rows are padded, with NaN in the padding: nothing of it may reach a result.
struct Matrix {
  Matrix(int num_rows, int num_columns, uint32_t stream)
      : rows(num_rows),
        columns(num_columns),
        stride(static_cast<size_t>(PaddedSize(num_columns))),
        values(static_cast<size_t>(num_rows) * stride) {
    Rng rng(6, Purpose::kTest, {.stream = stream, .step = static_cast<uint32_t>(num_rows * 1000 + num_columns)});
    for (size_t i = 0; i < static_cast<size_t>(num_rows) * stride; ++i) {
      values[i] = i % stride < static_cast<size_t>(num_columns) ? static_cast<float>(rng.Normal()) : std::nanf("");
    }
  }
  float at(int row, int column) const {
    return values[static_cast<size_t>(row) * stride + static_cast<size_t>(column)];
  }
  DenseRows view() const { return {values.data(), stride, rows}; }

  int rows, columns;
  size_t stride;
  AlignedFloats values;
};

// One step of a sum, as lanes.h promises it. (This file is compiled without contraction.)
float Step(float a, float b, float c) { return kFusedMultiplyAdd ? std::fma(a, b, c) : a * b + c; }

constexpr int kSizes[] = {1, 3, 6, 7, 16, 17, 64, 70, 130};

// Bit for bit, for every number of rows and registers of a block; nothing is written beyond the result.
TEST(WeightGradientTest, IsTheSumOverRowsInTheirOrder) {
  for (const int outputs : kSizes) {
    for (const int inputs : kSizes) {
      for (const int rows : {1, 2, 33}) {
        const Matrix d(rows, outputs, 1), x(rows, inputs, 2);
        const auto size = static_cast<size_t>(outputs) * static_cast<size_t>(inputs);
        std::vector<float> gradient(size + 16, -7);
        WeightGradient(d.view(), outputs, x.view(), inputs, gradient.data());
        for (int o = 0; o < outputs; ++o) {
          for (int i = 0; i < inputs; ++i) {
            float want = 0;
            for (int row = 0; row < rows; ++row) want = Step(d.at(row, o), x.at(row, i), want);
            ASSERT_EQ(gradient[static_cast<size_t>(o * inputs + i)], want)
                << rows << " rows, " << outputs << " x " << inputs << " at " << o << ", " << i;
          }
        }
        for (size_t i = size; i < gradient.size(); ++i) ASSERT_EQ(gradient[i], -7) << outputs << " x " << inputs;
      }
    }
  }
}

TEST(BiasGradientTest, IsTheSumOverRowsInTheirOrder) {
  for (const int outputs : kSizes) {
    for (const int rows : {1, 2, 33}) {
      const Matrix d(rows, outputs, 3);
      std::vector<float> gradient(static_cast<size_t>(outputs) + 16, -7);
      BiasGradient(d.view(), outputs, gradient.data());
      for (int o = 0; o < outputs; ++o) {
        float want = 0;
        for (int row = 0; row < rows; ++row) want += d.at(row, o);
        ASSERT_EQ(gradient[static_cast<size_t>(o)], want) << rows << " rows, " << outputs << " at " << o;
      }
      for (size_t i = static_cast<size_t>(outputs); i < gradient.size(); ++i) ASSERT_EQ(gradient[i], -7) << outputs;
    }
  }
}

}  // namespace
}  // namespace recbots
