#include "common/training/weight_gradient.h"

#include <algorithm>

#include "common/inference/dense_block.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

template <int R, int V>
void GradientBlock(const BlockInput& in, int columns, float* to, size_t to_stride) {
  Lanes acc[R][V] = {};
  MultiplyBlock<R, V>(in, acc);
  if (columns >= V * kLanes) {
    ForRegisters<R, V>([&](int r, int v) __attribute__((always_inline)) {
      StoreLanes(acc[r][v], to + static_cast<size_t>(r) * to_stride + v * kLanes);
    });
    return;
  }
  float rows[R][V * kLanes];
  ForRegisters<R, V>([&](int r, int v) __attribute__((always_inline)) { StoreLanes(acc[r][v], rows[r] + v * kLanes); });
  for (int r = 0; r < R; ++r) std::copy_n(rows[r], columns, to + static_cast<size_t>(r) * to_stride);
}

}  // namespace

void WeightGradient(const DenseRows& d, int num_outputs, const DenseRows& x, int num_inputs, float* d_weight) {
  const auto stride = static_cast<size_t>(num_inputs);
  ForBlocks(num_outputs, PaddedSize(num_inputs), [&](int row, int rows, int begin, int vectors) {
    const BlockInput in = {.x = d.data + row,
                           .row_stride = 1,
                           .input_stride = d.stride,
                           .panel = x.data + begin,
                           .panel_stride = x.stride,
                           .num_inputs = d.count};
    float* to = d_weight + static_cast<size_t>(row) * stride + begin;
    const int columns = num_inputs - begin;
    WithBlock(rows, vectors, [&]<int R, int V>() { GradientBlock<R, V>(in, columns, to, stride); });
  });
}

void BiasGradient(const DenseRows& d, int num_outputs, float* d_bias) {
  for (int begin = 0; begin < num_outputs; begin += 4 * kLanes) {
    Lanes sums[4] = {};
    const int vectors = std::min(4, (PaddedSize(num_outputs) - begin) / kLanes);
    const float* row = d.data + begin;
    for (int m = 0; m < d.count; ++m, row += d.stride) {
      for (int v = 0; v < vectors; ++v) sums[v] += LoadLanes(row + v * kLanes);
    }
    float columns[4 * kLanes];
    for (int v = 0; v < 4; ++v) StoreLanes(sums[v], columns + v * kLanes);
    std::copy_n(columns, std::min(4 * kLanes, num_outputs - begin), d_bias + begin);
  }
}

}  // namespace recbots
