// recbots._sim: weights <-> bytes.
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/inference/weights.h"
#include "deploy/python/sim/binding.h"

namespace recbots {
namespace {

nb::dict Decode(nb::bytes encoded) {
  nb::dict tensors;
  for (NamedTensor& tensor : ValueOrThrow(DecodeTensors({encoded.c_str(), encoded.size()}))) {
    auto* const values = new std::vector<float>(std::move(tensor.values));
    const nb::capsule owner(values, [](void* memory) noexcept { delete static_cast<std::vector<float>*>(memory); });
    const std::vector<size_t> shape(tensor.shape.begin(), tensor.shape.end());
    tensors[tensor.name.c_str()] =
        nb::cast(nb::ndarray<nb::numpy, float>(values->data(), shape.size(), shape.data(), owner));
  }
  return tensors;
}

nb::bytes Encode(const nb::dict& tensors) {
  std::vector<NamedTensor> named;
  for (const auto [name, value] : tensors) {
    NamedTensor tensor{nb::cast<std::string>(name), {}, {}};
    const auto array = nb::cast<nb::ndarray<const float, nb::c_contig, nb::device::cpu>>(value);
    if (array.ndim() > kMaxWeightRank || array.size() > kMaxWeightElements ||
        tensor.name.size() > kMaxWeightNameBytes) {
      Throw(absl::InvalidArgumentError(absl::StrCat(
          "tensor '", tensor.name, "' has rank ", array.ndim(), " and ", array.size(), " elements, want at most ",
          kMaxWeightRank, " and ", kMaxWeightElements, ", and a name of at most ", kMaxWeightNameBytes, " bytes")));
    }
    for (size_t i = 0; i < array.ndim(); ++i) tensor.shape.push_back(static_cast<int32_t>(array.shape(i)));
    tensor.values.assign(array.data(), array.data() + array.size());
    named.push_back(std::move(tensor));
  }
  if (named.size() > kMaxWeightTensors) {
    Throw(absl::InvalidArgumentError(absl::StrCat(named.size(), " tensors, want at most ", kMaxWeightTensors)));
  }
  const std::string encoded = ValueOrThrow(FiniteWeights(EncodeTensors(named)));
  return nb::bytes(encoded.data(), encoded.size());
}

nb::bytes IdentityOf(nb::bytes encoded) {
  const std::string identity = ValueOrThrow(DecodeIdentityBytes({encoded.c_str(), encoded.size()}));
  return nb::bytes(identity.data(), identity.size());
}

}  // namespace

void DefineWeights(nb::module_& module) {
  module.def("decode_weights", Decode, nb::arg("encoded"), "{name: float32 array} of weights.bin or of a snapshot.");
  module.def("encode_weights", Encode, nb::arg("tensors"), "The encoding of {name: float32 array}, in that order.");
  module.def("weights_identity", IdentityOf, nb::arg("encoded"),
             "What weights.bin was trained for: the bytes of a v1.ExperimentIdentity; empty if it does not say.");
}

}  // namespace recbots
