#include "common/inference/dense_mlp.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

// Layer `number` of the perceptron, 1 the first.
DenseLayer LayerOf(const TensorMap& tensors, const std::string& prefix, const HiddenLayers& hidden, size_t number) {
  const NamedTensor& weight = tensors.at(LayerTensor(prefix, hidden, absl::StrCat("w", number)));
  const NamedTensor& bias = tensors.at(LayerTensor(prefix, hidden, absl::StrCat("b", number)));
  return DenseLayer(weight.values.data(), static_cast<size_t>(weight.shape[1]), bias.values, weight.shape[0],
                    weight.shape[1]);
}

std::vector<HiddenEnd> EndsOf(const TensorMap& tensors, const std::string& prefix, const HiddenLayers& hidden) {
  std::vector<HiddenEnd> ends;
  for (size_t number = 1; number <= hidden.depth(); ++number) ends.emplace_back(tensors, prefix, hidden, number);
  return ends;
}

AlignedFloats RowsOf(const DenseLayer& layer, int num_rows) {
  return AlignedFloats(static_cast<size_t>(num_rows) * static_cast<size_t>(layer.padded_outputs()));
}

}  // namespace

DenseLayer FirstLayerPart(const TensorMap& tensors, const std::string& prefix, int first_input, int num_inputs,
                          bool with_bias, const HiddenLayers& hidden) {
  const NamedTensor& weight = tensors.at(LayerTensor(prefix, hidden, "w1"));
  RECBOTS_CHECK(first_input >= 0 && num_inputs >= 0 && first_input + num_inputs <= weight.shape[1]);
  absl::Span<const float> bias;
  if (with_bias) bias = tensors.at(LayerTensor(prefix, hidden, "b1")).values;
  return DenseLayer(weight.values.data() + first_input, static_cast<size_t>(weight.shape[1]), bias, weight.shape[0],
                    num_inputs);
}

DenseMlp::DenseMlp(const TensorMap& tensors, const std::string& prefix, int max_rows, const HiddenLayers& hidden) {
  for (size_t number = 1; number <= hidden.depth() + 1; ++number) {
    layers_.push_back(LayerOf(tensors, prefix, hidden, number));
    rows_.push_back(RowsOf(layers_.back(), max_rows));
  }
  const bool relu_only = hidden.activation == Activation::kRelu && !hidden.layer_norm;
  if (!relu_only) ends_ = EndsOf(tensors, prefix, hidden);
}

float* DenseMlp::Run(const float* x, int num_rows) {
  size_t stride = static_cast<size_t>(layers_[0].num_inputs());
  for (size_t i = 0; i < layers_.size(); ++i) {
    const bool is_hidden = i + 1 < layers_.size();
    const auto padded = static_cast<size_t>(layers_[i].padded_outputs());
    RECBOTS_CHECK(static_cast<size_t>(num_rows) * padded <= rows_[i].size()) << num_rows << " rows";
    layers_[i].Apply(x, stride, num_rows, /*relu=*/is_hidden && ends_.empty(), rows_[i].data());
    if (is_hidden && !ends_.empty()) ends_[i].Apply(rows_[i].data(), num_rows);
    x = rows_[i].data();
    stride = padded;
  }
  return rows_.back().data();
}

DenseMlpTail::DenseMlpTail(const TensorMap& tensors, const std::string& prefix, const HiddenLayers& hidden,
                           const ValueHead& head) {
  const size_t depth = hidden.depth();
  const bool two_hot = head.kind == ValueHead::Kind::kTwoHot;
  for (size_t number = 2; number <= depth; ++number) layers_.push_back(LayerOf(tensors, prefix, hidden, number));
  if (!hidden.plain() || two_hot) {
    ends_ = EndsOf(tensors, prefix, hidden);
    for (const DenseLayer& layer : layers_) rows_.push_back(RowsOf(layer, DenseLayer::kHeadRows));
  }
  padded_inputs_ = PaddedSize(tensors.at(LayerTensor(prefix, hidden, "b1")).shape.at(0));
  block_ = AlignedFloats(static_cast<size_t>(padded_inputs_ * DenseLayer::kHeadRows));
  const NamedTensor& weight = tensors.at(LayerTensor(prefix, hidden, absl::StrCat("w", depth + 1)));
  RECBOTS_CHECK(weight.shape.at(0) == head.outputs()) << prefix << " has " << weight.shape.at(0) << " outputs";
  if (!two_hot) {
    SetHead(weight, tensors.at(LayerTensor(prefix, hidden, absl::StrCat("b", depth + 1))), head);
    return;
  }
  logits_ = LayerOf(tensors, prefix, hidden, depth + 1);
  rows_.push_back(RowsOf(logits_, DenseLayer::kHeadRows));
  bins_ = BinsOf(head);
}

// The mean of quantiles is linear in what is in front of them: it needs no more than one output.
void DenseMlpTail::SetHead(const NamedTensor& weight, const NamedTensor& bias, const ValueHead& head) {
  const auto outputs = static_cast<size_t>(head.outputs()), units = static_cast<size_t>(weight.shape.at(1));
  head_ = AlignedFloats(static_cast<size_t>(PaddedSize(weight.shape.at(1))));
  for (size_t i = 0; i < units; ++i) {
    double sum = 0;
    for (size_t output = 0; output < outputs; ++output) sum += double{weight.values[output * units + i]};
    head_[i] = static_cast<float>(sum / static_cast<double>(outputs));
  }
  double sum = 0;
  for (const float of_output : bias.values) sum += double{of_output};
  bias_ = static_cast<float>(sum / static_cast<double>(outputs));
}

void DenseMlpTail::RunBlock() {
  const float* x = block_.data();
  auto stride = static_cast<size_t>(padded_inputs_);
  ends_[0].Apply(block_.data(), in_block_);
  for (size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].Apply(x, stride, in_block_, /*relu=*/false, rows_[i].data());
    ends_[i + 1].Apply(rows_[i].data(), in_block_);
    x = rows_[i].data();
    stride = static_cast<size_t>(layers_[i].padded_outputs());
  }
  if (bins_.empty()) return MultiplyHead({x, stride, in_block_}, head_.data(), values_);
  float* logits = rows_.back().data();
  logits_.Apply(x, stride, in_block_, /*relu=*/false, logits);
  for (int row = 0; row < in_block_; ++row, logits += logits_.padded_outputs()) {
    for (size_t i = 0; more_logits_ != nullptr && i < bins_.size(); ++i) logits[i] += more_logits_[i];
    values_[row] = MeanOfBins(logits, bins_);
  }
}

}  // namespace recbots
