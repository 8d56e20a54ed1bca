#include "common/inference/dense_mlp.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

DenseLayer LayerOf(const TensorMap& tensors, const std::string& prefix, int number) {
  const NamedTensor& weight = tensors.at(absl::StrCat(prefix, ".w", number));
  return DenseLayer(weight.values.data(), static_cast<size_t>(weight.shape[1]),
                    tensors.at(absl::StrCat(prefix, ".b", number)).values, weight.shape[0], weight.shape[1]);
}

}  // namespace

DenseLayer FirstLayerPart(const TensorMap& tensors, const std::string& prefix, int first_input, int num_inputs,
                          bool with_bias) {
  const NamedTensor& weight = tensors.at(prefix + ".w1");
  RECBOTS_CHECK(first_input >= 0 && num_inputs >= 0 && first_input + num_inputs <= weight.shape[1]);
  absl::Span<const float> bias;
  if (with_bias) bias = tensors.at(prefix + ".b1").values;
  return DenseLayer(weight.values.data() + first_input, static_cast<size_t>(weight.shape[1]), bias, weight.shape[0],
                    num_inputs);
}

DenseMlp::DenseMlp(const TensorMap& tensors, const std::string& prefix, int max_rows) {
  for (int i = 0; i < 3; ++i) {
    layers_[i] = LayerOf(tensors, prefix, i + 1);
    rows_[i] = AlignedFloats(static_cast<size_t>(max_rows) * static_cast<size_t>(layers_[i].padded_outputs()));
  }
}

float* DenseMlp::Run(const float* x, int num_rows) {
  size_t stride = static_cast<size_t>(layers_[0].num_inputs());
  for (int i = 0; i < 3; ++i) {
    const auto padded = static_cast<size_t>(layers_[i].padded_outputs());
    RECBOTS_CHECK(static_cast<size_t>(num_rows) * padded <= rows_[i].size()) << num_rows << " rows";
    layers_[i].Apply(x, stride, num_rows, /*relu=*/i < 2, rows_[i].data());
    x = rows_[i].data();
    stride = padded;
  }
  return rows_[2].data();
}

DenseMlpTail::DenseMlpTail(const TensorMap& tensors, const std::string& prefix)
    : second_(LayerOf(tensors, prefix, 2)),
      head_(static_cast<size_t>(second_.padded_outputs())),
      bias_(tensors.at(prefix + ".b3").values.at(0)),
      padded_inputs_(PaddedSize(second_.num_inputs())),
      block_(static_cast<size_t>(padded_inputs_ * DenseLayer::kHeadRows)) {
  const std::vector<float>& head = tensors.at(prefix + ".w3").values;
  RECBOTS_CHECK(head.size() == static_cast<size_t>(second_.num_outputs())) << prefix << " has several outputs";
  std::copy(head.begin(), head.end(), head_.data());
}

}  // namespace recbots
