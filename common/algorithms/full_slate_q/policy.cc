#include "common/algorithms/full_slate_q/policy.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {

std::vector<int32_t> EnumerateSlates(int num_candidates, int slate_size) {
  const auto k = static_cast<size_t>(slate_size);
  std::vector<int32_t> slates, slate;
  std::vector<bool> taken(static_cast<size_t>(num_candidates));
  // Depth first; `next` is the smallest candidate that the last position has not had yet.
  for (int32_t next = 0;;) {
    while (next < num_candidates && taken[static_cast<size_t>(next)]) ++next;
    if (next < num_candidates && slate.size() < k) {
      slate.push_back(next);
      taken[static_cast<size_t>(next)] = true;
      next = 0;
      if (slate.size() < k) continue;
      slates.insert(slates.end(), slate.begin(), slate.end());
    }
    if (slate.empty()) return slates;
    next = slate.back() + 1;
    taken[static_cast<size_t>(slate.back())] = false;
    slate.pop_back();
  }
}

FullSlatePolicy::FullSlatePolicy(const FullSlateShape& shape)
    : shape_(shape), slates_(EnumerateSlates(shape.num_candidates, shape.slate_size)) {
  values_.resize(slates_.size() / static_cast<size_t>(shape.slate_size));
  if (shape.item_features) return;
  const auto n = static_cast<size_t>(shape.num_candidates);
  identity_.resize(n * n);
  for (size_t i = 0; i < n; ++i) identity_[i * n + i] = 1;
}

absl::Status FullSlatePolicy::SetWeights(absl::string_view encoded) {
  RECBOTS_ASSIGN_OR_RETURN(const TensorMap tensors, TensorMap::Decode(encoded, QTensors(shape_.q)));
  // What a user is worth whatever is shown (V) does not change which slate is best: it is not needed here, unless what
  // is added up are logits.
  const std::string name = ActionNetwork(shape_.q);
  of_user_.reset();
  if (shape_.q.dueling && shape_.q.action.head.kind == ValueHead::Kind::kTwoHot) {
    of_user_.emplace(tensors, ValueNetwork(shape_.q), /*max_rows=*/1, shape_.q.action.hidden());
  }
  const int num_user_features = shape_.q.action.num_user_features;
  const HiddenLayers hidden = shape_.q.action.hidden();
  user_ = FirstLayerPart(tensors, name, 0, num_user_features, /*with_bias=*/true, hidden);
  items_.clear();
  for (int k = 0; k < shape_.slate_size; ++k) {
    items_.push_back(FirstLayerPart(tensors, name, num_user_features + k * shape_.num_item_features,
                                    shape_.num_item_features, /*with_bias=*/false, hidden));
  }
  tail_ = DenseMlpTail(tensors, name, hidden, shape_.q.action.head);
  const auto padded = static_cast<size_t>(user_.padded_outputs());
  const auto slate_size = static_cast<size_t>(shape_.slate_size);
  state_ = AlignedFloats(padded);
  sums_ = AlignedFloats(padded * slate_size);
  parts_ = AlignedFloats(padded * slate_size * static_cast<size_t>(shape_.num_candidates));
  has_weights_ = true;
  return absl::OkStatus();
}

void FullSlatePolicy::FillParts(const float* items) {
  const size_t per_position = static_cast<size_t>(shape_.num_candidates) * static_cast<size_t>(user_.padded_outputs());
  for (size_t k = 0; k < items_.size(); ++k) {
    items_[k].Apply(items, static_cast<size_t>(shape_.num_item_features), shape_.num_candidates, /*relu=*/false,
                    parts_.data() + k * per_position);
  }
}

void FullSlatePolicy::ScoreSlates(const float* state, const float* more_logits) {
  const auto width = static_cast<size_t>(user_.padded_outputs());
  const auto k = static_cast<size_t>(shape_.slate_size);
  const auto num_candidates = static_cast<size_t>(shape_.num_candidates);
  const auto part = [&](size_t position, int32_t item) {
    return parts_.data() + (position * num_candidates + static_cast<size_t>(item)) * width;
  };
  std::copy_n(state, width, sums_.data());
  tail_.Begin(values_.data(), more_logits);
  const size_t num_slates = values_.size();
  for (size_t s = 0; s < num_slates; ++s) {
    const int32_t* slate = slates_.data() + s * k;
    // Sums of items in front that this slate shares with the one before stay.
    size_t same = 0;
    while (s > 0 && same + 1 < k && slate[same] == slate[static_cast<ptrdiff_t>(same) - static_cast<ptrdiff_t>(k)])
      ++same;
    for (size_t i = same; i + 1 < k; ++i) {
      const float* item = part(i, slate[i]);
      for (size_t j = 0; j < width; ++j) sums_[(i + 1) * width + j] = sums_[i * width + j] + item[j];
    }
    tail_.Push(sums_.data() + (k - 1) * width, part(k - 1, slate[k - 1]));
  }
  tail_.End();
}

void FullSlatePolicy::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size();
  const auto user_width = static_cast<size_t>(shape_.q.action.num_user_features);
  const size_t items_width =
      shape_.item_features ? static_cast<size_t>(shape_.num_candidates) * static_cast<size_t>(shape_.num_item_features)
                           : 0;
  const auto slate_size = static_cast<size_t>(shape_.slate_size);
  RECBOTS_CHECK(input.observation.size() == num_users * user_width && output.slates.size() == num_users * slate_size);
  RECBOTS_CHECK(items_width == 0 || input.candidates.size() == num_users * items_width)
      << "candidates of " << input.candidates.size();
  std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
  std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  if (has_weights_ && !shape_.item_features) FillParts(identity_.data());
  for (size_t user = 0; user < num_users; ++user) {
    size_t best = 0;
    if (has_weights_) {
      if (shape_.item_features) FillParts(input.candidates.data() + user * items_width);
      const float* features = input.observation.data() + user * user_width;
      user_.Apply(features, user_width, 1, /*relu=*/false, state_.data());
      ScoreSlates(state_.data(), of_user_.has_value() ? of_user_->Run(features, 1) : nullptr);
      best = static_cast<size_t>(std::max_element(values_.begin(), values_.end()) - values_.begin());
    }
    std::copy_n(slates_.data() + best * slate_size, slate_size, output.slates.data() + user * slate_size);
  }
}

}  // namespace recbots
