// One side of a batch of transitions, now or next, as SlateQ looks at it: the items that are considered for each user,
// their features and click weights, and the slate problem that they pose.
//
// Letters: B rows, N candidates, F item features, C considered items, U user features. Plain memory; tensors are views
// of it. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/slate_q/shape.h"

namespace recbots {

class SlateQBatch {
 public:
  // C = `considered` of the shape's N candidates.
  SlateQBatch(const SlateQShape& shape, int considered);

  // Observation float32 [B, U], candidates float32 [B, N, F]; undefined where there are no features of that kind.
  void Load(int64_t rows, const at::Tensor& observation, const at::Tensor& candidates);

  int64_t rows() const { return rows_; }
  size_t considered() const { return considered_; }  // C
  size_t row_size() const { return considered_ + none_; }
  const at::Tensor& observation() const { return observation_; }
  // float32 [B, N, F]
  const float* candidates() const { return candidates_; }

  // [B, C]: to be filled with the positions considered, before Gather; where C = N they are all, in order.
  absl::Span<int32_t> picked() { return absl::MakeSpan(picked_); }
  // Collects the features of what was picked.
  void Gather();
  // The place of a candidate among what is considered, -1: it is not.
  int32_t ConsideredIndex(size_t row, int32_t position) const;
  // Features of a considered item, float32 [F].
  const float* item(size_t row, int32_t place) const {
    return items_ + (row * considered_ + static_cast<size_t>(place)) * features_;
  }

  // Views: items float32 [B * C, F]; actions [B * (C + 1), F + 1] with no click behind the items of each row, or the
  // items themselves where no click has no value of its own.
  at::Tensor Items() const;
  at::Tensor Actions() const;
  // The actions of a row, float32 [C (+ 1), F (+ 1)].
  const float* actions(size_t row) const {
    return (none_ == 0 ? items_ : actions_.data()) + row * row_size() * action_size();
  }
  // Writes the features of an action of the row ([F + 1], or [F]): an item's, or those of none where `item` is null.
  void WriteAction(const float* item, float* action) const;
  size_t action_size() const { return features_ + none_; }

  // [B, C] and [B]: to be filled with click weights.
  absl::Span<float> weights() { return absl::MakeSpan(weights_); }
  absl::Span<double> no_click_weights() { return absl::MakeSpan(no_click_weights_); }
  // What slate to show to a row, whose considered items (and none, last) have these values.
  SlateProblem Problem(size_t row, const float* values) const;

 private:
  const size_t num_candidates_, features_, considered_;
  const size_t none_;  // 1 where no click has a value of its own, else 0
  const bool item_features_;
  int64_t rows_ = 0;
  at::Tensor observation_, candidates_tensor_;
  std::vector<float> positions_;  // [B, N, N]: one-hot, where candidates have no features
  const float* candidates_ = nullptr;
  const float* items_ = nullptr;
  std::vector<int32_t> picked_;
  std::vector<float> picked_items_, actions_, weights_;
  std::vector<double> no_click_weights_;
};

}  // namespace recbots
