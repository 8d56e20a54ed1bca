#include "common/inference/hidden_end.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/inference/lane_functions.h"
#include "common/inference/lanes.h"

namespace recbots {
namespace {

template <typename Function>
void ForLanes(float* row, size_t size, Function function) {
  for (size_t i = 0; i < size; i += kLanes) StoreLanes(function(LoadLanes(row + i)), row + i);
}

}  // namespace

HiddenEnd::HiddenEnd(const TensorMap& tensors, const std::string& prefix, const HiddenLayers& hidden, size_t number)
    : activation_(hidden.activation), layer_norm_(hidden.layer_norm) {
  const auto units =
      static_cast<size_t>(tensors.at(LayerTensor(prefix, hidden, absl::StrCat("b", number))).shape.at(0));
  num_units_ = static_cast<float>(units);
  padded_ = static_cast<size_t>(PaddedSize(static_cast<int>(units)));
  if (!layer_norm_) return;
  for (AlignedFloats* row : {&ones_, &scale_, &shift_}) *row = AlignedFloats(padded_);
  std::fill_n(ones_.data(), units, 1.0f);
  const auto copy = [&](absl::string_view tensor, AlignedFloats& to) {
    const auto& values = tensors.at(LayerTensor(prefix, hidden, absl::StrCat(tensor, number))).values;
    std::copy(values.begin(), values.end(), to.data());
  };
  copy("scale", scale_);
  copy("shift", shift_);
}

void HiddenEnd::Normalize(float* row) const {
  float sum, squares;
  MultiplyHead({row, padded_, 1}, ones_.data(), &sum);
  const Lanes mean = Broadcast(sum / num_units_);
  for (size_t i = 0; i < padded_; i += kLanes) {
    StoreLanes((LoadLanes(row + i) - mean) * LoadLanes(ones_.data() + i), row + i);
  }
  MultiplyHead({row, padded_, 1}, row, &squares);
  const Lanes factor = Broadcast(1 / std::sqrt(squares / num_units_ + kNormEpsilon));
  for (size_t i = 0; i < padded_; i += kLanes) {
    const Lanes normal = LoadLanes(row + i) * factor;
    StoreLanes(MultiplyAdd(normal, LoadLanes(scale_.data() + i), LoadLanes(shift_.data() + i)), row + i);
  }
}

void HiddenEnd::Apply(float* rows, int num_rows) const {
  for (int m = 0; m < num_rows; ++m, rows += padded_) {
    if (layer_norm_) Normalize(rows);
    switch (activation_) {
      case Activation::kRelu:
        ForLanes(rows, padded_, [](const Lanes& x) { return Relu(x); });
        break;
      case Activation::kTanh:
        ForLanes(rows, padded_, [](const Lanes& x) { return TanhLanes(x); });
        break;
      case Activation::kSilu:
        ForLanes(rows, padded_, [](const Lanes& x) { return SiluLanes(x); });
        break;
    }
  }
}

}  // namespace recbots
