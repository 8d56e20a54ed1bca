// What an update of SlateQ on the CPU learns towards: the slates that follow, and what they are worth.
#include <algorithm>

#include "common/algorithms/slate_q/slate_q.h"
#include "common/rl/spec.h"

namespace recbots {

size_t SlateQ::PlaceShown(size_t row, absl::Span<int32_t> slate) const {
  if (options_.target != TargetRule::kSarsa) return 0;
  const int32_t* next = next_slates_.data_ptr<int32_t>() + row * slate.size();
  size_t size = 0;
  for (; size < slate.size() && next[size] != kNoItem; ++size) {
    slate[size] = next_.ConsideredIndex(row, next[size]);
    if (slate[size] < 0) return 0;
  }
  return size;
}

void SlateQ::ChooseNext(const TransitionBatch& batch) {
  const auto rows = static_cast<size_t>(next_.rows()), slate_size = static_cast<size_t>(options_.shape.slate_size);
  const bool by_online = options_.q.double_q && options_.target != TargetRule::kSarsa;
  const QSide side = by_online ? QSide::kOnline : QSide::kTarget;
  const at::Tensor discount = batch.discount.contiguous();
  next_chosen_.resize(rows * slate_size);
  next_sizes_.assign(rows, 0);
  row_values_.resize(next_.row_size());
  bool loaded = false;
  for (size_t row = 0; row < rows; ++row) {
    if (discount.data_ptr<float>()[row] == 0) continue;
    const absl::Span<int32_t> slate = absl::MakeSpan(next_chosen_).subspan(row * slate_size, slate_size);
    next_sizes_[row] = PlaceShown(row, slate);
    if (next_sizes_[row] > 0) continue;
    // What all values of a row have in common does not matter where no click has a value, too.
    if (!loaded) q_.LoadUsers(side, next_.observation(), /*user_value=*/!options_.shape.q.action.with_none);
    loaded = true;
    q_.Score(side, row, next_.actions(row), absl::MakeSpan(row_values_));
    optimizer_.Select(SlateRuleOf(options_), next_.Problem(row, row_values_.data()), slate);
    next_sizes_[row] = slate_size;
  }
}

double SlateQ::TargetValue(size_t row, absl::Span<const int32_t> slate) {
  const size_t width = next_.action_size(), considered = next_.considered();
  const size_t none = next_.row_size() - considered;
  slate_values_.resize(slate.size() + none);
  slate_actions_.resize(slate_values_.size() * width);
  const auto place = [&](size_t i) { return i < slate.size() ? static_cast<size_t>(slate[i]) : considered; };
  for (size_t i = 0; i < slate_values_.size(); ++i) {
    std::copy_n(next_.actions(row) + place(i) * width, width, slate_actions_.data() + i * width);
  }
  q_.Score(QSide::kTarget, row, slate_actions_.data(), absl::MakeSpan(slate_values_));
  for (size_t i = 0; i < slate_values_.size(); ++i) row_values_[place(i)] = slate_values_[i];
  return SlateValue(options_.shape.click_rule(), next_.Problem(row, row_values_.data()), slate);
}

// Of the target network only the values of the slates that were chosen are asked.
void SlateQ::ComputeTargets(const TransitionBatch& batch) {
  ChooseNext(batch);
  q_.LoadUsers(QSide::kTarget, next_.observation(), /*user_value=*/true);
  const at::Tensor reward = batch.reward.contiguous();
  const at::Tensor discount = batch.discount.contiguous();
  const auto slate_size = static_cast<size_t>(options_.shape.slate_size);
  targets_.resize(next_sizes_.size());
  for (size_t row = 0; row < targets_.size(); ++row) {
    const float row_reward = reward.data_ptr<float>()[row], row_discount = discount.data_ptr<float>()[row];
    const auto chosen = absl::MakeConstSpan(next_chosen_).subspan(row * slate_size, next_sizes_[row]);
    targets_[row] = row_reward;
    if (!chosen.empty()) targets_[row] += row_discount * static_cast<float>(TargetValue(row, chosen));
  }
}

}  // namespace recbots
