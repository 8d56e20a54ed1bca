// The part of SlateOptimizer that composes slates for users who look at one item after the other.
#include <algorithm>
#include <cmath>
#include <limits>

#include "common/slate/slate_optimizer.h"

namespace recbots {

void SlateOptimizer::SelectCascadeOptimal(absl::Span<int32_t> slate) {
  for (size_t i = 0; i < num_candidates_; ++i) {
    // NaN would leave the order undefined.
    const double gain = std::isnan(gains_[i]) ? -std::numeric_limits<double>::infinity() : gains_[i];
    items_[i] = {weights_[i], gain, static_cast<int32_t>(i)};
  }
  std::sort(items_.begin(), items_.end(),
            [](const Item& a, const Item& b) { return a.gain != b.gain ? a.gain > b.gain : a.position < b.position; });
  // values_[k] = v(j, k), made of v(j + 1, ...) in place, which descending k allows; taken_ says how.
  std::fill(values_.begin(), values_.end(), 0.0);
  for (size_t j = num_candidates_; j-- > 0;) {
    const Item& item = items_[j];
    uint8_t* const taken = &taken_[j * slate_size_];  // Of k items: taken[k - 1].
    const double kept = 1 - item.weight;
    const double worth = item.weight * item.gain;
    const size_t left = num_candidates_ - j;
    size_t k = slate_size_;
    if (left <= slate_size_) {  // All that are left have to be shown.
      k = left;
      values_[k] = worth + kept * values_[k - 1];
      taken[--k] = 1;
    }
    for (; k > 0; --k) {
      const double with = worth + kept * values_[k - 1];
      taken[k - 1] = with >= values_[k] ? 1 : 0;
      values_[k] = std::max(values_[k], with);
    }
  }
  size_t shown = 0;
  for (size_t j = 0; shown < slate_size_; ++j) {
    if (taken_[j * slate_size_ + slate_size_ - shown - 1] != 0) slate[shown++] = items_[j].position;
  }
}

void SlateOptimizer::SelectCascadeGreedy(absl::Span<int32_t> slate) {
  // items_[0 .. size): the slate so far. An item that goes before its k-th is looked at with probability reach_[k], and
  // instead of values_[k], what the k-th and those behind are worth, there is then w gain + (1 - w) values_[k].
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
    double best = -std::numeric_limits<double>::infinity();
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
