#include "common/policies/bandits/tie_ranking.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "common/base/log.h"

namespace recbots {

double TieRanker::Rank(absl::Span<const double> scores, Rng& draws, absl::Span<int32_t> slate,
                       absl::Span<float> position_probability) {
  const size_t k = slate.size();
  RECBOTS_CHECK(k >= 1 && k <= scores.size()) << "slate " << k << ", want 1.." << scores.size();
  order_.resize(scores.size());
  std::iota(order_.begin(), order_.end(), 0);
  const auto score = [&](size_t rank) { return scores[static_cast<size_t>(order_[rank])]; };
  std::partial_sort(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(k), order_.end(),
                    [&](int32_t a, int32_t b) {
                      const double x = scores[static_cast<size_t>(a)], y = scores[static_cast<size_t>(b)];
                      return x != y ? x > y : a < b;
                    });
  // Behind the slate come the others that are as good as its last item, by position, so that the draws below choose the
  // same candidate whatever order the sort left them in.
  size_t end = k;
  const double last = score(k - 1);
  for (size_t rank = k; rank < order_.size(); ++rank) {
    if (score(rank) == last) std::swap(order_[end++], order_[rank]);
  }
  std::sort(order_.begin() + static_cast<std::ptrdiff_t>(k), order_.begin() + static_cast<std::ptrdiff_t>(end));

  double probability = 1;
  size_t group_end = 0;
  for (size_t rank = 0, group_size = 0; rank < k; ++rank) {
    if (rank == group_end) {
      while (group_end < end && score(group_end) == score(rank)) ++group_end;
      group_size = group_end - rank;
    }
    const auto left = static_cast<uint32_t>(group_end - rank);
    if (left > 1) std::swap(order_[rank], order_[rank + draws.Index(left)]);
    probability /= left;
    slate[rank] = order_[rank];
    if (!position_probability.empty()) position_probability[rank] = 1.0f / static_cast<float>(group_size);
  }
  return probability;
}

}  // namespace recbots
