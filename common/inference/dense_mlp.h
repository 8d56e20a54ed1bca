// Forward passes, on one core, of perceptrons whose tensors have the names of MlpTensors. Value types; not thread-safe
// (scratch memory). Of `hidden` sizes are not looked at: they are those of the tensors.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/inference/dense.h"
#include "common/inference/hidden_end.h"
#include "common/inference/tensor_spec.h"
#include "common/inference/value_head.h"

namespace recbots {

// The part of the first layer of the perceptron `prefix` that belongs to the inputs first_input .. first_input +
// num_inputs - 1. The outputs of the parts of all inputs, one of them with the bias, add up to the linear part of the
// layer.
DenseLayer FirstLayerPart(const TensorMap& tensors, const std::string& prefix, int first_input, int num_inputs,
                          bool with_bias, const HiddenLayers& hidden = {});

// All layers of the perceptron `prefix`.
class DenseMlp {
 public:
  DenseMlp() = default;
  // Runs on at most `max_rows` rows at a time.
  DenseMlp(const TensorMap& tensors, const std::string& prefix, int max_rows, const HiddenLayers& hidden = {});

  // Returns the outputs [M, padded_outputs()] for x [M, inputs], which stay valid until the next call. Allocates
  // nothing.
  float* Run(const float* x, int num_rows);
  size_t padded_outputs() const { return static_cast<size_t>(layers_.back().padded_outputs()); }

 private:
  std::vector<DenseLayer> layers_;
  std::vector<HiddenEnd> ends_;      // Of the hidden layers; empty where all of them are ReLU and no more.
  std::vector<AlignedFloats> rows_;  // [max_rows, padded outputs of the layer]
};

// The layers behind the first one of the perceptron `prefix`, and the value that its outputs stand for (value_head.h).
// For networks whose first layer is the sum of parts that several rows share. Rows are pushed one by one and run a few
// at a time, so that they stay in the first-level cache.
class DenseMlpTail {
 public:
  DenseMlpTail() = default;
  DenseMlpTail(const TensorMap& tensors, const std::string& prefix, const HiddenLayers& hidden = {},
               const ValueHead& head = {});

  // Call Begin, then Push for each row, then End: they fill `values` with the values less bias(), in the order of the
  // rows. The linear part of the first layer of a row is a + b, where a and b are sums of parts [padded H1]. Where the
  // head is kTwoHot, `more_logits` [N] are added to those of each row, unless it is nullptr; they outlive End.
  void Begin(float* values, const float* more_logits = nullptr) {
    values_ = values;
    more_logits_ = more_logits;
  }
  void Push(const float* a, const float* b) {
    float* row = block_.data() + static_cast<ptrdiff_t>(in_block_) * padded_inputs_;
    ends_.empty() ? AddRelu(a, b, padded_inputs_, row) : AddRows(a, b, padded_inputs_, row);
    if (++in_block_ == DenseLayer::kHeadRows) End();
  }
  void End() {
    if (in_block_ == 0) return;
    if (ends_.empty()) {
      layers_[0].ApplyWithHead(block_.data(), static_cast<size_t>(padded_inputs_), in_block_, head_.data(), values_);
    } else {
      RunBlock();
    }
    values_ += in_block_;
    in_block_ = 0;
  }
  // The bias of the value; 0 of kTwoHot. It is the same for all rows, so callers that only compare rows do not need it.
  float bias() const { return bias_; }

 private:
  void RunBlock();
  void SetHead(const NamedTensor& weight, const NamedTensor& bias, const ValueHead& head);

  std::vector<DenseLayer> layers_;  // The hidden layers behind the first one.
  // Of all hidden layers; empty where there are two of ReLU and no more, and the value is a product with head_.
  std::vector<HiddenEnd> ends_;
  // [padded units of the last hidden layer]: the weights of one output, or the mean of those of quantiles.
  AlignedFloats head_;
  float bias_ = 0;
  DenseLayer logits_;        // Of kTwoHot,
  std::vector<float> bins_;  // [N]: empty elsewhere.

  int padded_inputs_ = 0;
  int in_block_ = 0;
  AlignedFloats block_;              // [DenseLayer::kHeadRows, padded H1]
  std::vector<AlignedFloats> rows_;  // The same of the layers behind it, and of logits.
  const float* more_logits_ = nullptr;
  float* values_ = nullptr;
};

}  // namespace recbots
