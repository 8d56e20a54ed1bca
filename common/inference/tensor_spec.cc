#include "common/inference/tensor_spec.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {

HiddenLoad::HiddenLoad(const HiddenLayers& hidden) : first(hidden.units.at(0)) {
  for (size_t i = 0; i < hidden.units.size(); ++i) {
    units += hidden.units[i];
    if (i > 0) between += static_cast<double>(hidden.units[i - 1]) * hidden.units[i];
  }
}

std::string LayerTensor(const std::string& prefix, const HiddenLayers& hidden, absl::string_view tensor) {
  switch (hidden.activation) {
    case Activation::kTanh:
      return absl::StrCat(prefix, ".tanh.", tensor);
    case Activation::kSilu:
      return absl::StrCat(prefix, ".silu.", tensor);
    case Activation::kRelu:
      break;
  }
  return absl::StrCat(prefix, ".", tensor);
}

std::vector<TensorSpec> MlpTensors(const std::string& prefix, const MlpShape& shape) {
  std::vector<TensorSpec> tensors;
  const auto add = [&](absl::string_view tensor, size_t number, std::vector<int32_t> sizes) {
    tensors.push_back({LayerTensor(prefix, shape.hidden, absl::StrCat(tensor, number)), std::move(sizes)});
  };
  int inputs = shape.inputs;
  size_t number = 1;
  for (const int units : shape.hidden.units) {
    add("w", number, {units, inputs});
    add("b", number, {units});
    if (shape.hidden.layer_norm) {
      add("scale", number, {units});
      add("shift", number, {units});
    }
    inputs = units;
    ++number;
  }
  add("w", number, {shape.outputs, inputs});
  add("b", number, {shape.outputs});
  return tensors;
}

absl::Status CheckTensors(absl::Span<const NamedTensor> tensors, absl::Span<const TensorSpec> want) {
  if (tensors.size() != want.size()) {
    return absl::InvalidArgumentError(absl::StrCat("weights: ", tensors.size(), " tensors, want ", want.size()));
  }
  for (size_t i = 0; i < want.size(); ++i) {
    if (tensors[i].name != want[i].name || tensors[i].shape != want[i].shape) {
      return absl::InvalidArgumentError(absl::StrCat("weights: tensor ", i, " is '", tensors[i].name, "' [",
                                                     absl::StrJoin(tensors[i].shape, ", "), "], want '", want[i].name,
                                                     "' [", absl::StrJoin(want[i].shape, ", "), "]"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TensorMap> TensorMap::Decode(absl::string_view encoded, absl::Span<const TensorSpec> want) {
  RECBOTS_ASSIGN_OR_RETURN(std::vector<NamedTensor> tensors, DecodeTensors(encoded));
  RECBOTS_RETURN_IF_ERROR(CheckTensors(tensors, want));
  return TensorMap(std::move(tensors));
}

const NamedTensor& TensorMap::at(absl::string_view name) const {
  const auto found =
      std::find_if(tensors_.begin(), tensors_.end(), [name](const NamedTensor& tensor) { return tensor.name == name; });
  RECBOTS_CHECK(found != tensors_.end()) << "no tensor '" << std::string(name) << "'";
  return *found;
}

}  // namespace recbots
