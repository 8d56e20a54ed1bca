// The innermost loops of dense.h and of the weight gradients (common/training): a block of results held in registers,
// R rows of V registers each, to which one input after the other is added. Every copy computes the same function, bit
// for bit: result += x * w with MultiplyAdd (lanes.h), in the order of the inputs.
#pragma once

#include <algorithm>
#include <cstddef>

#include "common/inference/lanes.h"

namespace recbots {

// The largest block.
inline constexpr int kBlockRows = 6;
inline constexpr int kBlockVectors = kLanes == 16 ? 4 : 2;  // 24 of 32 registers, 12 of 16.
inline constexpr int kBlockColumns = kLanes * kBlockVectors;

// What a block is multiplied of: row r of input i is at x[r * row_stride + i * input_stride], the weights of input i
// are the V registers at panel + i * panel_stride.
struct BlockInput {
  const float* x;
  size_t row_stride, input_stride;
  const float* panel;
  size_t panel_stride;
  int num_inputs;
};

// acc [R][V] += x [R, num_inputs] panel [num_inputs, V * kLanes].
template <int R, int V>
inline __attribute__((always_inline)) void MultiplyBlock(const BlockInput& in, Lanes (&acc)[R][V]) {
  const float* x = in.x;
  const float* panel = in.panel;
  for (int i = 0; i < in.num_inputs; ++i, x += in.input_stride, panel += in.panel_stride) {
    Lanes w[V];
    for (int v = 0; v < V; ++v) w[v] = LoadLanes(panel + v * kLanes);
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
      const Lanes value = Broadcast(x[static_cast<size_t>(r) * in.row_stride]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) acc[r][v] = MultiplyAdd(value, w[v], acc[r][v]);
    }
  }
}

// Calls body(r, v) for all registers of a block. Unrolled: a register that is indexed by a variable lies in memory.
template <int R, int V, typename Body>
inline __attribute__((always_inline)) void ForRegisters(const Body& body) {
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) body(r, v);
  }
}

// Calls body<R, V> for `rows` in 1..kBlockRows (and, WithBlock, `vectors` in 1..kBlockVectors).
template <int V, typename Body>
inline void WithBlockRows(int rows, const Body& body) {
  switch (rows) {
    case 1:
      return body.template operator()<1, V>();
    case 2:
      return body.template operator()<2, V>();
    case 3:
      return body.template operator()<3, V>();
    case 4:
      return body.template operator()<4, V>();
    case 5:
      return body.template operator()<5, V>();
    default:
      return body.template operator()<kBlockRows, V>();
  }
}
// Calls body<V> for `vectors` in 1..kBlockVectors.
template <typename Body>
inline void WithVectors(int vectors, const Body& body) {
  if (vectors == 1) return body.template operator()<1>();
  if constexpr (kBlockVectors > 2) {
    if (vectors == 3) return body.template operator()<3>();
    if (vectors == 4) return body.template operator()<4>();
  }
  body.template operator()<2>();
}
template <typename Body>
inline void WithBlock(int rows, int vectors, const Body& body) {
  WithVectors(vectors, [&]<int V>() { WithBlockRows<V>(rows, body); });
}

// Calls body(row, rows, begin, vectors) for blocks that cover num_rows x num_columns, columns a multiple of kLanes:
// panel after panel of columns, so that a panel stays in the first-level cache.
template <typename Body>
inline void ForBlocks(int num_rows, int num_columns, const Body& body) {
  for (int begin = 0; begin < num_columns; begin += kBlockColumns) {
    const int vectors = std::min(kBlockColumns, num_columns - begin) / kLanes;
    for (int row = 0; row < num_rows; row += kBlockRows) {
      body(row, std::min(kBlockRows, num_rows - row), begin, vectors);
    }
  }
}

}  // namespace recbots
