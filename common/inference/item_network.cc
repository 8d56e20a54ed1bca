#include "common/inference/item_network.h"

#include <algorithm>

#include "common/base/log.h"

namespace recbots {

ItemNetwork::ItemNetwork(const ItemNetworkSizes& sizes, absl::Span<const NamedTensor> tensors) : sizes_(sizes) {
  RECBOTS_CHECK(tensors.size() == kMlpTensors);
  const auto stride = static_cast<size_t>(sizes.inputs());
  const auto features = static_cast<size_t>(sizes.num_item_features);
  const float* w1 = tensors[0].values.data();
  const float* w1_item = w1 + sizes.num_user_features;
  user_ = DenseLayer(w1, stride, tensors[1].values, sizes.hidden1, sizes.num_user_features);
  item_ = DenseLayer(w1_item, stride, {}, sizes.hidden1, sizes.num_item_features);
  second_ = DenseLayer(tensors[2].values.data(), static_cast<size_t>(sizes.hidden1), tensors[3].values, sizes.hidden2,
                       sizes.hidden1);
  head_ = AlignedFloats(static_cast<size_t>(second_.padded_outputs()));
  std::copy(tensors[4].values.begin(), tensors[4].values.end(), head_.data());
  bias_ = tensors[5].values[0];

  const auto padded = static_cast<size_t>(user_.padded_outputs());
  none_ = AlignedFloats(padded);
  positions_ = AlignedFloats(padded * features);
  block_ = AlignedFloats(padded * static_cast<size_t>(DenseLayer::kHeadRows));
  for (size_t unit = 0; unit < static_cast<size_t>(sizes.hidden1); ++unit) {
    const float* row = w1_item + unit * stride;
    for (size_t i = 0; i < features; ++i) positions_[i * padded + unit] = row[i];
    if (sizes.with_none) none_[unit] = row[features];
  }
}

void ItemNetwork::Score(absl::Span<const float> observation, const float* items, int num_users, int num_items,
                        absl::Span<float> values) {
  const auto n = static_cast<size_t>(num_users);
  const auto padded = static_cast<size_t>(user_.padded_outputs());
  const auto row = static_cast<size_t>(num_items) + (sizes_.with_none ? 1 : 0);
  RECBOTS_CHECK(values.size() == n * row && observation.size() == n * static_cast<size_t>(sizes_.num_user_features));
  RECBOTS_CHECK(items != nullptr || num_items == sizes_.num_item_features);
  state_.resize(std::max(state_.size(), n * padded));
  parts_.resize(std::max(parts_.size(), static_cast<size_t>(num_items) * padded));
  user_.Apply(observation.data(), static_cast<size_t>(sizes_.num_user_features), num_users, /*relu=*/false,
              state_.data());
  const auto items_stride = static_cast<size_t>(num_items) * static_cast<size_t>(sizes_.num_item_features);
  for (size_t user = 0; user < n; ++user) {
    ScoreUser(state_.data() + user * padded, items == nullptr ? nullptr : items + user * items_stride, num_items,
              values.data() + user * row);
  }
}

void ItemNetwork::ScoreUser(const float* state, const float* items, int num_items, float* values) {
  const int padded = user_.padded_outputs();
  const float* parts = positions_.data();
  if (items != nullptr) {
    item_.Apply(items, static_cast<size_t>(sizes_.num_item_features), num_items, /*relu=*/false, parts_.data());
    parts = parts_.data();
  }
  const int total = num_items + (sizes_.with_none ? 1 : 0);
  for (int begin = 0; begin < total; begin += DenseLayer::kHeadRows) {
    const int rows = std::min(DenseLayer::kHeadRows, total - begin);
    for (int r = 0; r < rows; ++r) {
      const int i = begin + r;
      const float* part = i == num_items ? none_.data() : parts + static_cast<ptrdiff_t>(i) * padded;
      AddRelu(state, part, padded, block_.data() + static_cast<ptrdiff_t>(r) * padded);
    }
    second_.ApplyWithHead(block_.data(), static_cast<size_t>(padded), rows, head_.data(), values + begin);
  }
  for (int i = 0; i < total; ++i) values[i] += bias_;
}

}  // namespace recbots
