#include "common/inference/item_network.h"

#include <algorithm>

#include "common/base/log.h"

namespace recbots {

void ItemNetworkSizes::SetHidden(const HiddenLayers& hidden) {
  layers = hidden.plain() ? HiddenLayers() : hidden;
  hidden1 = hidden.plain() ? hidden.units[0] : 0;
  hidden2 = hidden.plain() ? hidden.units[1] : 0;
}

ItemNetwork::ItemNetwork(const ItemNetworkSizes& sizes, const TensorMap& tensors, const std::string& prefix)
    : sizes_(sizes),
      user_(FirstLayerPart(tensors, prefix, 0, sizes.num_user_features, /*with_bias=*/true, sizes.hidden())),
      item_(FirstLayerPart(tensors, prefix, sizes.num_user_features, sizes.num_item_features,
                           /*with_bias=*/false, sizes.hidden())),
      tail_(tensors, prefix, sizes.hidden(), sizes.head) {
  const auto stride = static_cast<size_t>(sizes.inputs());
  const auto features = static_cast<size_t>(sizes.num_item_features);
  const float* w1_item = tensors.at(LayerTensor(prefix, sizes.hidden(), "w1")).values.data() + sizes.num_user_features;
  const auto padded = static_cast<size_t>(user_.padded_outputs());
  none_ = AlignedFloats(padded);
  positions_ = AlignedFloats(padded * features);
  for (size_t unit = 0; unit < static_cast<size_t>(user_.num_outputs()); ++unit) {
    const float* row = w1_item + unit * stride;
    for (size_t i = 0; i < features; ++i) positions_[i * padded + unit] = row[i];
    if (sizes.with_none) none_[unit] = row[features];
  }
}

void ItemNetwork::AddUserNetwork(const TensorMap& tensors, const std::string& prefix) {
  RECBOTS_CHECK(sizes_.head.kind == ValueHead::Kind::kTwoHot);
  of_user_.emplace(tensors, prefix, /*max_rows=*/1, sizes_.hidden());
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
    const float* features = observation.data() + user * static_cast<size_t>(sizes_.num_user_features);
    const float* more_logits = of_user_.has_value() ? of_user_->Run(features, 1) : nullptr;
    ScoreUser(state_.data() + user * padded, items == nullptr ? nullptr : items + user * items_stride, num_items,
              more_logits, values.data() + user * row);
  }
}

void ItemNetwork::ScoreUser(const float* state, const float* items, int num_items, const float* more_logits,
                            float* values) {
  const int padded = user_.padded_outputs();
  const float* parts = positions_.data();
  if (items != nullptr) {
    item_.Apply(items, static_cast<size_t>(sizes_.num_item_features), num_items, /*relu=*/false, parts_.data());
    parts = parts_.data();
  }
  const int total = num_items + (sizes_.with_none ? 1 : 0);
  tail_.Begin(values, more_logits);
  for (int i = 0; i < num_items; ++i) tail_.Push(state, parts + static_cast<ptrdiff_t>(i) * padded);
  if (sizes_.with_none) tail_.Push(state, none_.data());
  tail_.End();
  for (int i = 0; i < total; ++i) values[i] += tail_.bias();
}

}  // namespace recbots
