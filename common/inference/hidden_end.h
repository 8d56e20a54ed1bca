// What a hidden layer does behind its linear part: normalisation, where it has one, and the activation (HiddenLayers,
// tensor_spec.h).
//
// The result for a row does not depend on other rows. Same bits on all processors with fused multiply-add (dense.h).
#pragma once

#include <cstddef>
#include <string>

#include "common/inference/dense.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// Value type; thread-safe while const.
class HiddenEnd {
 public:
  HiddenEnd() = default;
  // Of hidden layer `number` (1: the first) of the perceptron `prefix`.
  HiddenEnd(const TensorMap& tensors, const std::string& prefix, const HiddenLayers& hidden, size_t number);

  // Changes rows [M, PaddedSize(units)] in place. What lies behind the units is 0 before and after it.
  void Apply(float* rows, int num_rows) const;

 private:
  void Normalize(float* row) const;

  Activation activation_ = Activation::kRelu;
  bool layer_norm_ = false;
  float num_units_ = 0;
  size_t padded_ = 0;
  // [padded]: 1 for each unit, and the scale and shift of normalisation; 0 behind the units.
  AlignedFloats ones_, scale_, shift_;
};

}  // namespace recbots
