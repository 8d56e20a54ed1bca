// Names and shapes of the tensors on which the acting and the learning side of an algorithm must agree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/inference/weights.h"

namespace recbots {

// A tensor without its values.
struct TensorSpec {
  std::string name;
  std::vector<int32_t> shape;
};

// Sizes of a perceptron of two hidden layers: inputs, the two layers, outputs.
struct MlpSizes {
  int inputs = 0;
  int hidden1 = 0;
  int hidden2 = 0;
  int outputs = 1;
};

// w1 [H1, inputs], b1 [H1], w2 [H2, H1], b2 [H2], w3 [outputs, H2], b3 [outputs], each named `prefix`.w1 and so on.
inline constexpr size_t kMlpTensors = 6;
std::vector<TensorSpec> MlpTensors(const std::string& prefix, const MlpSizes& sizes);

// INVALID_ARGUMENT: other tensors than `want`, by number, name or shape; says which.
absl::Status CheckTensors(absl::Span<const NamedTensor> tensors, absl::Span<const TensorSpec> want);

}  // namespace recbots
