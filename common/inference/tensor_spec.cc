#include "common/inference/tensor_spec.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {

std::vector<TensorSpec> MlpTensors(const std::string& prefix, const MlpSizes& sizes) {
  return {{prefix + ".w1", {sizes.hidden1, sizes.inputs}},  {prefix + ".b1", {sizes.hidden1}},
          {prefix + ".w2", {sizes.hidden2, sizes.hidden1}}, {prefix + ".b2", {sizes.hidden2}},
          {prefix + ".w3", {sizes.outputs, sizes.hidden2}}, {prefix + ".b3", {sizes.outputs}}};
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
