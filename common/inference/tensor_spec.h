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

// The sizes of a perceptron with two hidden layers and ReLU.
struct MlpSizes {
  int inputs = 0;
  int hidden1 = 0;
  int hidden2 = 0;
  int outputs = 1;
};

// Numbers as in config.proto (NetworkConfig.Activation).
enum class Activation { kRelu = 1, kTanh = 2, kSilu = 3 };

// The hidden layers of a perceptron, each of which takes x to
//   activation(normal(W x + b)),  normal(z) = scale (z - mean) / sqrt(variance + kNormEpsilon) + shift with layer_norm
// (Ba et al. 2016, arXiv:1607.06450; mean and variance over the units of the layer), else z.
struct HiddenLayers {
  std::vector<int> units;  // Of each layer, from the input on. Empty: two layers, of sizes that stand elsewhere.
  Activation activation = Activation::kRelu;
  bool layer_norm = false;

  size_t depth() const { return units.empty() ? 2 : units.size(); }
  // Whether there are two layers with ReLU and nothing else, which is all that common/training knows.
  bool plain() const { return depth() == 2 && activation == Activation::kRelu && !layer_norm; }

  friend bool operator==(const HiddenLayers&, const HiddenLayers&) = default;
};
inline constexpr float kNormEpsilon = 1e-5f;

// What hidden layers cost: units of the first one and of all together, and weights between them.
struct HiddenLoad {
  explicit HiddenLoad(const HiddenLayers& hidden);
  double first = 0, units = 0, between = 0;
};

// The setting of the first hidden layer, where the configuration lists them.
inline constexpr char kFirstHiddenLayer[] = "algorithm.network.hidden_layers[0]";

// Any perceptron; hidden.units is not empty.
struct MlpShape {
  MlpShape() = default;
  MlpShape(int num_inputs, HiddenLayers layers, int num_outputs)
      : inputs(num_inputs), hidden(std::move(layers)), outputs(num_outputs) {}
  MlpShape(const MlpSizes& sizes)  // NOLINT: one of them is the other.
      : MlpShape(sizes.inputs, {{sizes.hidden1, sizes.hidden2}}, sizes.outputs) {}

  // Of a plain one.
  MlpSizes sizes() const { return {inputs, hidden.units[0], hidden.units[1], outputs}; }

  int inputs = 0;
  HiddenLayers hidden;
  int outputs = 1;
};

// The name of a tensor of a perceptron: `prefix`.w1, or `prefix`.tanh.w1 and `prefix`.silu.w1 with these activations,
// so that weights of one activation do not pass for those of another.
std::string LayerTensor(const std::string& prefix, const HiddenLayers& hidden, absl::string_view tensor);

// Layer by layer: w1 [H1, inputs], b1 [H1], with layer_norm scale1 [H1], shift1 [H1], then w2 [H2, H1] and so on; last
// the weights [outputs, H] and the bias [outputs] of the output.
std::vector<TensorSpec> MlpTensors(const std::string& prefix, const MlpShape& shape);
inline constexpr size_t kMlpTensors = 6;  // Of a plain one.
inline std::vector<TensorSpec> MlpTensors(const std::string& prefix, const MlpSizes& sizes) {
  return MlpTensors(prefix, MlpShape(sizes));
}

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
