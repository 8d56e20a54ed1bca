// Forward passes, on one core, of perceptrons with two hidden layers whose tensors have the names of MlpTensors. Value
// types; not thread-safe (scratch memory).
#pragma once

#include <cstddef>
#include <string>

#include "common/inference/dense.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// The part of the first layer of the perceptron `prefix` that belongs to the inputs first_input .. first_input +
// num_inputs - 1. The outputs of the parts of all inputs, one of them with the bias, add up to that of the layer.
DenseLayer FirstLayerPart(const TensorMap& tensors, const std::string& prefix, int first_input, int num_inputs,
                          bool with_bias);

// All three layers of the perceptron `prefix`.
class DenseMlp {
 public:
  DenseMlp() = default;
  // Runs on at most `max_rows` rows at a time.
  DenseMlp(const TensorMap& tensors, const std::string& prefix, int max_rows);

  // Returns the outputs [M, padded_outputs()] for x [M, inputs], which stay valid until the next call. Allocates
  // nothing.
  float* Run(const float* x, int num_rows);
  size_t padded_outputs() const { return static_cast<size_t>(layers_[2].padded_outputs()); }

 private:
  DenseLayer layers_[3];
  AlignedFloats rows_[3];  // [max_rows, padded outputs of the layer]
};

// The layers behind the first one of the perceptron `prefix`, which has one output. For networks whose first layer is
// the sum of parts that several rows share. Rows are pushed one by one and run a few at a time, so that they stay in
// the first-level cache.
class DenseMlpTail {
 public:
  DenseMlpTail() = default;
  DenseMlpTail(const TensorMap& tensors, const std::string& prefix);

  // Call Begin, then Push for each row, then End: they fill `values` with the outputs less bias(), in the order of the
  // rows. The first layer of a row is max(0, a + b), where a and b are sums of parts [padded H1].
  void Begin(float* values) { values_ = values; }
  void Push(const float* a, const float* b) {
    AddRelu(a, b, padded_inputs_, block_.data() + static_cast<ptrdiff_t>(in_block_) * padded_inputs_);
    if (++in_block_ == DenseLayer::kHeadRows) End();
  }
  void End() {
    if (in_block_ == 0) return;
    second_.ApplyWithHead(block_.data(), static_cast<size_t>(padded_inputs_), in_block_, head_.data(), values_);
    values_ += in_block_;
    in_block_ = 0;
  }
  // The bias of the output. It is the same for all rows, so callers that only compare rows do not need it.
  float bias() const { return bias_; }

 private:
  DenseLayer second_;
  AlignedFloats head_;  // [padded H2]
  float bias_ = 0;

  int padded_inputs_ = 0;
  int in_block_ = 0;
  AlignedFloats block_;  // [DenseLayer::kHeadRows, padded H1]
  float* values_ = nullptr;
};

}  // namespace recbots
