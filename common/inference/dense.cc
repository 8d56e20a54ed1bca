#include "common/inference/dense.h"

#include <algorithm>
#include <cstring>

#include "common/base/log.h"
#include "common/inference/dense_block.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

constexpr int kPanel = kBlockColumns;
constexpr int kRows = DenseLayer::kHeadRows;
static_assert(kRows == kBlockRows);

// The products with a head are summed up in this many lanes, whatever the size of a register: column c in lane c mod
// kHeadLanes. So the sums have the same bits on all processors on which the products have.
constexpr int kHeadLanes = 16;
struct alignas(64) HeadSums {
  float lanes[kHeadLanes];
};

// Adds the upper half of the lanes to the lower half until one number is left.
inline float Total(const HeadSums& sums) {
  using Eight = float __attribute__((vector_size(32)));
  using Four = float __attribute__((vector_size(16)));
  Eight eights[2];
  std::memcpy(eights, sums.lanes, sizeof(eights));
  const Eight eight = eights[0] + eights[1];
  Four fours[2];
  std::memcpy(fours, &eight, sizeof(fours));
  const Four four = fours[0] + fours[1];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

// What a block of results begins with, and how it ends.
struct Ends {
  const float* base;              // The columns' first values: a bias for all rows, or
  size_t base_stride = 0;         // a row of them for each.
  bool relu = false;              // Ends with max(0, y), or
  const float* active = nullptr;  // with 0 where this, which is laid out like y, is not above 0.
};

template <int R, int V>
inline __attribute__((always_inline)) void StartBlock(const Ends& ends, Lanes (&acc)[R][V]) {
  ForRegisters<R, V>([&](int r, int v) __attribute__((always_inline)) {
    acc[r][v] = LoadLanes(ends.base + static_cast<size_t>(r) * ends.base_stride + v * kLanes);
  });
}

template <int R, int V>
void ApplyBlock(const BlockInput& in, const Ends& ends, float* y, size_t y_stride) {
  Lanes acc[R][V];
  StartBlock<R, V>(ends, acc);
  MultiplyBlock<R, V>(in, acc);
  const auto at = [y_stride](int r, int v) {
    return static_cast<size_t>(r) * y_stride + static_cast<size_t>(v * kLanes);
  };
  if (ends.relu) {
    ForRegisters<R, V>([&](int r, int v) __attribute__((always_inline)) { StoreLanes(Relu(acc[r][v]), y + at(r, v)); });
  } else if (ends.active != nullptr) {
    ForRegisters<R, V>([&](int r, int v) __attribute__((always_inline)) {
      StoreLanes(LoadLanes(ends.active + at(r, v)) > 0 ? acc[r][v] : Lanes{}, y + at(r, v));
    });
  } else {
    ForRegisters<R, V>([&](int r, int v) __attribute__((always_inline)) { StoreLanes(acc[r][v], y + at(r, v)); });
  }
}

// Adds the columns of the panel that begins at column `begin` to the sums of each row, or begins these sums.
template <int R, int V>
void ApplyBlockWithHead(const BlockInput& in, const Ends& ends, const float* head, int begin, HeadSums* sums) {
  constexpr int kRegisters = std::min(V, kHeadLanes / kLanes);
  const bool starts = begin < kHeadLanes;
  Lanes acc[R][V];
  StartBlock<R, V>(ends, acc);
  MultiplyBlock<R, V>(in, acc);
#pragma GCC unroll 6
  for (int r = 0; r < R; ++r) {
    float* lanes = sums[r].lanes + begin % kHeadLanes;
    Lanes sum[kRegisters];
    for (int s = 0; s < kRegisters; ++s) sum[s] = starts ? Lanes{} : LoadLanes(lanes + s * kLanes);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      Lanes& mine = sum[v % kRegisters];
      mine = MultiplyAdd(Relu(acc[r][v]), LoadLanes(head + begin + v * kLanes), mine);
    }
    for (int s = 0; s < kRegisters; ++s) StoreLanes(sum[s], lanes + s * kLanes);
  }
}

// y [M, padded] = x [M, x_stride] W^T between `ends`, whose pointers are those of the first row and column.
void ApplyLayer(const DenseLayer& layer, const DenseRows& x, const Ends& ends, float* y) {
  const auto y_stride = static_cast<size_t>(layer.padded_outputs());
  ForBlocks(x.count, layer.padded_outputs(), [&](int row, int rows, int begin, int vectors) {
    const size_t at = static_cast<size_t>(row) * y_stride + static_cast<size_t>(begin);
    Ends mine = ends;
    mine.base += static_cast<size_t>(row) * ends.base_stride + static_cast<size_t>(begin);
    if (ends.active != nullptr) mine.active += at;
    const BlockInput in = layer.Block(x.data + static_cast<size_t>(row) * x.stride, x.stride, begin, vectors);
    WithBlock(rows, vectors, [&]<int R, int V>() { ApplyBlock<R, V>(in, mine, y + at, y_stride); });
  });
}

// y [V registers] = base + the products of these inputs.
template <int V>
void AddInputs(const BlockInput& in, absl::Span<const int> inputs, const float* base, float* y) {
  Lanes acc[V];
  for (int v = 0; v < V; ++v) acc[v] = LoadLanes(base + v * kLanes);
  for (const int input : inputs) {
    const Lanes value = Broadcast(in.x[input]);
    const float* w = in.panel + static_cast<size_t>(input) * in.panel_stride;
    for (int v = 0; v < V; ++v) acc[v] = MultiplyAdd(value, LoadLanes(w + v * kLanes), acc[v]);
  }
  for (int v = 0; v < V; ++v) StoreLanes(acc[v], y + v * kLanes);
}

// to [8, to_stride] = from [8, from_stride] transposed.
void TransposeEight(const float* from, size_t from_stride, float* to, size_t to_stride) {
  using Eight = float __attribute__((vector_size(32)));
  Eight r[8], pairs[8], fours[8];
  for (size_t i = 0; i < 8; ++i) std::memcpy(&r[i], from + i * from_stride, sizeof(Eight));
  for (size_t i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
    pairs[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
  }
  for (size_t i = 0; i < 8; i += 4) {
    for (size_t j = 0; j < 2; ++j) {
      fours[i + 2 * j] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      fours[i + 2 * j + 1] = __builtin_shufflevector(pairs[i + j], pairs[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
  for (size_t i = 0; i < 4; ++i) {
    const Eight low = __builtin_shufflevector(fours[i], fours[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    const Eight high = __builtin_shufflevector(fours[i], fours[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    std::memcpy(to + i * to_stride, &low, sizeof(low));
    std::memcpy(to + (i + 4) * to_stride, &high, sizeof(high));
  }
}

}  // namespace

int PaddedSize(int n) { return (n + kLanes - 1) / kLanes * kLanes; }

DenseLayer::DenseLayer(int num_outputs, int num_inputs)
    : num_inputs_(num_inputs),
      num_outputs_(num_outputs),
      padded_outputs_(PaddedSize(num_outputs)),
      bias_(static_cast<size_t>(padded_outputs_)),
      weights_(static_cast<size_t>(padded_outputs_) * static_cast<size_t>(num_inputs)) {}

DenseLayer::DenseLayer(const float* weight, size_t stride, absl::Span<const float> bias, int num_outputs,
                       int num_inputs)
    : DenseLayer(num_outputs, num_inputs) {
  Pack(weight, stride, bias);
}

void DenseLayer::Pack(const float* weight, size_t stride, absl::Span<const float> bias) {
  RECBOTS_CHECK(bias.empty() || bias.size() == static_cast<size_t>(num_outputs_));
  std::copy(bias.begin(), bias.end(), bias_.data());
  in_place_ = nullptr;
  const auto inputs = static_cast<size_t>(num_inputs_);
  for (int begin = 0; begin < num_outputs_; begin += kPanel) {
    const auto width = static_cast<size_t>(std::min(kPanel, padded_outputs_ - begin));
    const auto used = static_cast<size_t>(std::min(kPanel, num_outputs_ - begin));
    const float* from = weight + static_cast<size_t>(begin) * stride;
    float* to = weights_.data() + static_cast<size_t>(begin) * inputs;
    for (size_t column = 0; column < used; column += 8) {
      size_t i = 0;
      for (; column + 8 <= used && i + 8 <= inputs; i += 8) {
        TransposeEight(from + column * stride + i, stride, to + i * width + column, width);
      }
      for (; i < inputs; ++i) {
        for (size_t c = column; c < std::min(column + 8, used); ++c) to[i * width + c] = from[c * stride + i];
      }
    }
  }
}

void DenseLayer::PackTransposed(const float* weight, size_t stride) {
  if (num_outputs_ == padded_outputs_) {
    in_place_ = weight;
    in_place_stride_ = stride;
    return;
  }
  for (int begin = 0; begin < num_outputs_; begin += kPanel) {
    const int width = std::min(kPanel, padded_outputs_ - begin), used = std::min(kPanel, num_outputs_ - begin);
    float* to = weights_.data() + static_cast<size_t>(begin) * static_cast<size_t>(num_inputs_);
    const float* from = weight + begin;
    for (int i = 0; i < num_inputs_; ++i, to += width, from += stride) {
      for (int column = 0; column < used; ++column) to[column] = from[column];
    }
  }
}

BlockInput DenseLayer::Block(const float* x, size_t x_stride, int begin, int vectors) const {
  const float* packed = weights_.data() + static_cast<size_t>(begin) * static_cast<size_t>(num_inputs_);
  return {.x = x,
          .row_stride = x_stride,
          .input_stride = 1,
          .panel = in_place_ == nullptr ? packed : in_place_ + begin,
          .panel_stride = in_place_ == nullptr ? static_cast<size_t>(vectors * kLanes) : in_place_stride_,
          .num_inputs = num_inputs_};
}

void DenseLayer::Apply(const float* x, size_t x_stride, int num_rows, bool relu, float* y) const {
  ApplyLayer(*this, {x, x_stride, num_rows}, {.base = bias_.data(), .relu = relu}, y);
}

void DenseLayer::ApplyToSparse(const float* x, size_t x_stride, int num_rows, float* y) const {
  constexpr int kSome = 64;  // Inputs that are looked at before any is multiplied with.
  int found[kSome + 1];      // One place more: each input is written, whether it stays or not.
  for (int row = 0; row < num_rows; ++row, x += x_stride, y += padded_outputs_) {
    const float* base = bias_.data();
    for (int first = 0; first == 0 || first < num_inputs_; first += kSome, base = y) {
      int size = 0;
      for (int i = first; i < std::min(first + kSome, num_inputs_); ++i) {
        found[size] = i;
        size += x[i] != 0 ? 1 : 0;
      }
      for (int begin = 0; begin < padded_outputs_; begin += kPanel) {
        const int vectors = std::min(kPanel, padded_outputs_ - begin) / kLanes;
        const BlockInput in = Block(x, x_stride, begin, vectors);
        WithVectors(vectors, [&]<int V>() {
          AddInputs<V>(in, {found, static_cast<size_t>(size)}, base + begin, y + begin);
        });
      }
    }
  }
}

void DenseLayer::ApplyOnto(const float* x, size_t x_stride, int num_rows, const float* base, float* y) const {
  ApplyLayer(*this, {x, x_stride, num_rows},
             {.base = base, .base_stride = static_cast<size_t>(padded_outputs_), .relu = true}, y);
}

void DenseLayer::ApplyWhere(const float* x, size_t x_stride, int num_rows, const float* active, float* y) const {
  ApplyLayer(*this, {x, x_stride, num_rows}, {.base = bias_.data(), .active = active}, y);
}

void DenseLayer::ApplyWithHead(const float* x, size_t x_stride, int num_rows, const float* head, float* y) const {
  HeadSums sums[kRows];
  if (padded_outputs_ < kHeadLanes) std::fill_n(sums, kRows, HeadSums{});  // Lanes that no column reaches.
  ForBlocks(num_rows, padded_outputs_, [&](int, int rows, int begin, int vectors) {
    const BlockInput in = Block(x, x_stride, begin, vectors);
    const Ends ends = {.base = bias_.data() + begin};
    WithBlock(rows, vectors, [&]<int R, int V>() { ApplyBlockWithHead<R, V>(in, ends, head, begin, sums); });
  });
  for (int row = 0; row < num_rows; ++row) y[row] = Total(sums[row]);
}

void MultiplyHead(const DenseRows& x, const float* head, float* y) {
  constexpr size_t kRegisters = kHeadLanes / kLanes;
  const float* row = x.data;
  for (int m = 0; m < x.count; ++m, row += x.stride) {
    Lanes sums[kRegisters] = {};
    for (size_t i = 0; i < x.stride; i += kLanes) {
      Lanes& mine = sums[i / kLanes % kRegisters];
      mine = MultiplyAdd(LoadLanes(row + i), LoadLanes(head + i), mine);
    }
    HeadSums total;
    std::memcpy(total.lanes, sums, sizeof(sums));
    y[m] = Total(total);
  }
}

void AddRelu(const float* a, const float* b, int n, float* y) {
  for (int i = 0; i < n; i += kLanes) StoreLanes(Relu(LoadLanes(a + i) + LoadLanes(b + i)), y + i);
}

void AddRows(const float* a, const float* b, int n, float* y) {
  for (int i = 0; i < n; i += kLanes) StoreLanes(LoadLanes(a + i) + LoadLanes(b + i), y + i);
}

}  // namespace recbots
