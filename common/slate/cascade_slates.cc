// The part of SlateOptimizer for users who look at one item after the other.
#include <algorithm>
#include <cmath>
#include <limits>

#include "common/slate/slate_optimizer.h"

namespace recbots {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

void SlateOptimizer::SelectCascadeOptimal(absl::Span<int32_t> slate) {
  for (size_t i = 0; i < num_candidates_; ++i) {
    // With NaN the order would be undefined.
    best_[i] = {std::isnan(gains_[i]) ? -kInfinity : gains_[i], static_cast<int32_t>(i)};
  }
  std::sort(best_.begin(), best_.end(),
            [](const Ranked& a, const Ranked& b) { return a.key != b.key ? a.key > b.key : a.position < b.position; });
  // Row j has v(j, k) for k = 0 .. K. If fewer than k items are left, v is -infinity, so that the last items are taken
  // if they are needed.
  const size_t row = slate_size_ + 1;
  double* const last = &table_[num_candidates_ * row];
  std::fill(last, last + row, -kInfinity);
  *last = 0;
  double* next = last;
  for (size_t j = num_candidates_; j-- > 0;) {
    const double weight = weights_[static_cast<size_t>(best_[j].position)];
    const double worth = weight * best_[j].key;
    double* const here = next - row;
    here[0] = 0;
    for (size_t k = 1; k < row; ++k) here[k] = std::max(next[k], worth + (1 - weight) * next[k - 1]);
    next = here;
  }
  const double* here = table_.data();
  for (size_t j = 0, left = slate_size_; left > 0; ++j, here += row) {
    if (num_candidates_ - j > left && !(here[left] > here[row + left])) continue;
    slate[slate_size_ - left] = best_[j].position;
    --left;
  }
}

void SlateOptimizer::SelectCascadeGreedy(absl::Span<int32_t> slate) {
  // items_[0 .. size) is the slate so far, and values_[k] the value of its items from the k-th on. An item inserted
  // before the k-th is looked at with probability reach_[k]; it changes values_[k] to w gain + (1 - w) values_[k].
  for (size_t size = 0; size < slate_size_; ++size) {
    reach_[0] = 1;
    for (size_t k = 0; k < size; ++k) reach_[k + 1] = reach_[k] * (1 - items_[k].weight);
    values_[size] = 0;
    for (size_t k = size; k-- > 0;) values_[k] = values_[k + 1] + items_[k].weight * (items_[k].gain - values_[k + 1]);
    const auto place_of = [&](double gain) {
      size_t k = 0;
      while (k < size && items_[k].gain >= gain) ++k;
      return k;
    };
    size_t pick = num_candidates_;
    double best = -kInfinity;
    for (size_t i = 0; i < num_candidates_; ++i) {
      const size_t k = place_of(gains_[i]);
      const double added = reach_[k] * weights_[i] * (gains_[i] - values_[k]);
      if (added > best) {
        best = added;
        pick = i;
      }
    }
    if (pick == num_candidates_) pick = FirstLeft(slate.first(size));
    const size_t place = place_of(gains_[pick]);
    for (size_t k = size; k > place; --k) {
      items_[k] = items_[k - 1];
      slate[k] = slate[k - 1];
    }
    slate[place] = static_cast<int32_t>(pick);
    items_[place] = {weights_[pick], gains_[pick], slate[place]};
    Take(pick);
  }
}

}  // namespace recbots
