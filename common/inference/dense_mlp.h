// Forward passes of perceptrons of two hidden layers (MlpTensors) on one core, from tensors by name. Value types; not
// thread-safe (scratch memory).
#pragma once

#include <cstddef>
#include <string>

#include "common/inference/dense.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// The first layer's part of the inputs first_input .. first_input + num_inputs - 1 of the perceptron `prefix`: the
// parts of all inputs, one of them with the bias, add up to the layer.
DenseLayer FirstLayerPart(const TensorMap& tensors, const std::string& prefix, int first_input, int num_inputs,
                          bool with_bias);

// All three layers of the perceptron `prefix`.
class DenseMlp {
 public:
  DenseMlp() = default;
  // For at most `max_rows` rows at a time.
  DenseMlp(const TensorMap& tensors, const std::string& prefix, int max_rows);

  // Outputs [M, padded_outputs()] of M rows x [M, inputs]; they lie there until the next call. Allocates nothing.
  float* Run(const float* x, int num_rows);
  size_t padded_outputs() const { return static_cast<size_t>(layers_[2].padded_outputs()); }

 private:
  DenseLayer layers_[3];
  AlignedFloats rows_[3];  // [max_rows, padded outputs of the layer]
};

// What comes behind the first layer of the perceptron `prefix`, which has one output: for networks whose first layer is
// made of parts that several rows share. Rows come one after the other and are run a few at a time, so that they never
// leave the first-level cache.
class DenseMlpTail {
 public:
  DenseMlpTail() = default;
  DenseMlpTail(const TensorMap& tensors, const std::string& prefix);

  // Begin, a Push for each row, End: fills `values` with the outputs, less bias(), in the order of the rows. The first
  // layer of a row is max(0, a + b) of two sums of parts [padded H1].
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
  // Of the output. It is the same for all rows: what only compares them does without.
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
