#include "common/algorithms/slate_q/slate_q_batch.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

namespace recbots {

SlateQBatch::SlateQBatch(const SlateQShape& shape, int considered)
    : num_candidates_(static_cast<size_t>(shape.num_candidates)),
      features_(static_cast<size_t>(shape.num_item_features)),
      considered_(static_cast<size_t>(considered)),
      none_(shape.q.action.with_none ? 1 : 0),
      item_features_(shape.item_features) {}

void SlateQBatch::Load(int64_t num_rows, const at::Tensor& observation, const at::Tensor& candidates) {
  const auto rows = static_cast<size_t>(num_rows);
  observation_ = observation.defined() ? observation.contiguous() : at::empty({num_rows, 0});
  if (num_rows != rows_) {
    rows_ = num_rows;
    weights_.resize(rows * considered_);
    no_click_weights_.resize(rows);
    if (considered_ < num_candidates_) {
      picked_.resize(rows * considered_);
      picked_items_.resize(picked_.size() * features_);
    }
    if (none_ != 0) actions_.assign(rows * row_size() * action_size(), 0.0f);
    if (!item_features_) {
      positions_.assign(rows * num_candidates_ * features_, 0.0f);
      for (size_t i = 0; i < rows * num_candidates_; ++i) positions_[i * features_ + i % num_candidates_] = 1;
    }
  }
  candidates_ = positions_.data();
  if (!item_features_) return;
  candidates_tensor_ = candidates.contiguous();
  candidates_ = candidates_tensor_.data_ptr<float>();
}

void SlateQBatch::Gather() {
  items_ = candidates_;
  const auto rows = static_cast<size_t>(rows_);
  if (considered_ < num_candidates_) {
    for (size_t i = 0; i < picked_.size(); ++i) {
      const size_t from = i / considered_ * num_candidates_ + static_cast<size_t>(picked_[i]);
      std::copy_n(candidates_ + from * features_, features_, picked_items_.data() + i * features_);
    }
    items_ = picked_items_.data();
  }
  if (none_ == 0) return;
  for (size_t row = 0; row < rows; ++row) {
    float* action = actions_.data() + row * row_size() * action_size();
    for (size_t c = 0; c < considered_; ++c, action += action_size()) {
      const float* from = item(row, static_cast<int32_t>(c));
      for (size_t f = 0; f < features_; ++f) action[f] = from[f];  // Few: a call would cost more.
    }
    action[features_] = 1;
  }
}

int32_t SlateQBatch::ConsideredIndex(size_t row, int32_t position) const {
  if (considered_ == num_candidates_) return position;
  const auto begin = picked_.begin() + static_cast<ptrdiff_t>(row * considered_);
  const auto end = begin + static_cast<ptrdiff_t>(considered_);
  const auto found = std::find(begin, end, position);
  return found == end ? -1 : static_cast<int32_t>(found - begin);
}

at::Tensor SlateQBatch::Items() const {
  return at::from_blob(const_cast<float*>(items_),
                       {rows_ * static_cast<int64_t>(considered_), static_cast<int64_t>(features_)});
}

at::Tensor SlateQBatch::Actions() const {
  if (none_ == 0) return Items();
  return at::from_blob(const_cast<float*>(actions_.data()),
                       {rows_ * static_cast<int64_t>(row_size()), static_cast<int64_t>(action_size())});
}

void SlateQBatch::WriteAction(const float* item, float* action) const {
  if (item != nullptr) {
    std::copy_n(item, features_, action);
  } else {
    std::fill_n(action, features_, 0.0f);
  }
  if (none_ != 0) action[features_] = item == nullptr ? 1.0f : 0.0f;
}

SlateProblem SlateQBatch::Problem(size_t row, const float* values) const {
  return {.weights = absl::MakeConstSpan(weights_).subspan(row * considered_, considered_),
          .values = {values, considered_},
          .no_click_weight = no_click_weights_[row],
          .no_click_value = none_ != 0 ? double{values[considered_]} : 0.0};
}

}  // namespace recbots
