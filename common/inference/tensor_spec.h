// Names and shapes of the tensors on which the acting and the learning side of an algorithm must agree.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/inference/weights.h"

namespace recbots {

// A tensor without its values.
struct TensorSpec {
  std::string name;
  std::vector<int32_t> shape;
};

// The sizes of a perceptron with two hidden layers.
struct MlpSizes {
  int inputs = 0;
  int hidden1 = 0;
  int hidden2 = 0;
  int outputs = 1;
};

// w1 [H1, inputs], b1 [H1], w2 [H2, H1], b2 [H2], w3 [outputs, H2], b3 [outputs], each named `prefix`.w1 and so on.
inline constexpr size_t kMlpTensors = 6;
std::vector<TensorSpec> MlpTensors(const std::string& prefix, const MlpSizes& sizes);

// INVALID_ARGUMENT: the number, a name or a shape differs from `want`; the message says which.
absl::Status CheckTensors(absl::Span<const NamedTensor> tensors, absl::Span<const TensorSpec> want);

// Decoded tensors, found by their names.
class TensorMap {
 public:
  explicit TensorMap(std::vector<NamedTensor> tensors) : tensors_(std::move(tensors)) {}
  // INVALID_ARGUMENT: as DecodeTensors (weights.h) and CheckTensors.
  static absl::StatusOr<TensorMap> Decode(absl::string_view encoded, absl::Span<const TensorSpec> want);

  // The tensor of this name, which must exist.
  const NamedTensor& at(absl::string_view name) const;

 private:
  std::vector<NamedTensor> tensors_;
};

}  // namespace recbots
