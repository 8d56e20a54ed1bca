// Small dense layers on one core: y = x W^T + b over row-major float32 matrices, the weights packed once per version.
//
// This is our own register-blocked kernel instead of cblas_sgemm: at the sizes of a bot (64 units) it keeps the packed
// weights in the first-level cache and fuses the operations before and after, which a BLAS call cannot.
//
// The value of a row depends neither on the other rows nor on its position among them: the sum over inputs begins with
// the bias and runs from the first input to the last, every step one multiply-add (lanes.h). Processors with fused
// multiply-add (AVX2 and AVX-512) compute the same bits; without it each step rounds twice, and values differ by
// rounding. dense_test.cc compares every case of the kernel with these formulas, bit for bit.
//
// Letters: M rows, K inputs, N outputs.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace recbots {

struct BlockInput;  // dense_block.h

// Floats in memory aligned to 64 bytes, initially zero. The size, in floats, is rounded up to whole cache lines.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(size_t size) : lines_((size + 15) / 16) {}
  float* data() { return reinterpret_cast<float*>(lines_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(lines_.data()); }
  size_t size() const { return lines_.size() * 16; }
  float& operator[](size_t i) { return data()[i]; }
  float operator[](size_t i) const { return data()[i]; }

 private:
  struct alignas(64) Line {
    float values[16] = {};
  };
  std::vector<Line> lines_;
};

// N rounded up to a multiple of the kernel's width: rows of results have this many columns, which are zero beyond N.
int PaddedSize(int n);

// M rows of floats: row m is at data + m * stride.
struct DenseRows {
  const float* data;
  size_t stride;
  int count;
};

// One layer, packed. Value type; thread-safe while const.
class DenseLayer {
 public:
  DenseLayer() = default;
  // Weights and bias are 0 until packed.
  DenseLayer(int num_outputs, int num_inputs);
  // weight [N, K] with `stride` floats from row to row; bias [N], or empty for none.
  DenseLayer(const float* weight, size_t stride, absl::Span<const float> bias, int num_outputs, int num_inputs);

  // Takes over other weights of the same sizes: weight [N, K] and bias, or weight [K, N] without a bias, which makes
  // the layer that carries gradients back through one of K outputs and N inputs. Both allocate nothing. The latter need
  // not copy: `weight` must stay as it is until the last Apply.
  void Pack(const float* weight, size_t stride, absl::Span<const float> bias);
  void PackTransposed(const float* weight, size_t stride);

  int num_inputs() const { return num_inputs_; }
  int num_outputs() const { return num_outputs_; }
  int padded_outputs() const { return padded_outputs_; }

  // y [M, padded_outputs()] = x [M, x_stride] W^T + b, then max(0, y) if `relu`. x and y do not overlap.
  void Apply(const float* x, size_t x_stride, int num_rows, bool relu, float* y) const;
  // y = x W^T + b, for rows that are mostly zeros, which are skipped: the same as Apply where weights are finite.
  void ApplyToSparse(const float* x, size_t x_stride, int num_rows, float* y) const;
  // y = max(0, base + x W^T): sums begin with base [M, padded_outputs()] instead of the bias.
  void ApplyOnto(const float* x, size_t x_stride, int num_rows, const float* base, float* y) const;
  // y = x W^T + b where active [M, padded_outputs()] is above 0, else 0.
  void ApplyWhere(const float* x, size_t x_stride, int num_rows, const float* active, float* y) const;

  // y [M] = head . max(0, x W^T + b) for M <= kHeadRows rows of x [M, x_stride]; `head` has padded_outputs() floats.
  static constexpr int kHeadRows = 6;
  void ApplyWithHead(const float* x, size_t x_stride, int num_rows, const float* head, float* y) const;

  // For the kernel: rows x times the registers of columns from `begin` on.
  BlockInput Block(const float* x, size_t x_stride, int begin, int vectors) const;

 private:
  int num_inputs_ = 0;
  int num_outputs_ = 0;
  int padded_outputs_ = 0;
  AlignedFloats bias_;  // [padded_outputs_]
  // One panel of columns after the other, [K, width of the panel] each; or the weights lie at in_place_, [K,
  // in_place_stride_].
  AlignedFloats weights_;
  const float* in_place_ = nullptr;
  size_t in_place_stride_ = 0;
};

// y [M] = head . x of rows x, readable up to their stride, a multiple of PaddedSize(1) like the size of `head`. The sum
// is that of ApplyWithHead.
void MultiplyHead(const DenseRows& x, const float* head, float* y);

// y [n] = max(0, a + b), or a + b, n a multiple of PaddedSize(1).
void AddRelu(const float* a, const float* b, int n, float* y);
void AddRows(const float* a, const float* b, int n, float* y);

}  // namespace recbots
