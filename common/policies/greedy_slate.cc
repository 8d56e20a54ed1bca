#include "common/policies/greedy_slate.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace recbots {
namespace {

// `chosen` is the end of the slate and holds candidates with this score. Replaces them by a uniform choice among all
// candidates with this score (reservoir sampling). Returns the number of all these candidates.
size_t DrawAmongLast(absl::Span<const double> scores, double score, Rng& draws, absl::Span<int32_t> chosen) {
  size_t seen = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] != score) continue;
    ++seen;
    if (seen <= chosen.size()) continue;  // The first ones are in the slate already.
    const uint32_t place = draws.Index(static_cast<uint32_t>(seen));
    if (place < chosen.size()) chosen[place] = static_cast<int32_t>(i);
  }
  return seen;
}

}  // namespace

void GreedySlate(absl::Span<const double> scores, absl::Span<int32_t> slate) {
  RECBOTS_CHECK(slate.size() <= scores.size()) << "slate " << slate.size() << ", scores " << scores.size();
  size_t size = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    size = InsertByScore(
        static_cast<int32_t>(i), [&](int32_t j) { return scores[static_cast<size_t>(j)]; }, size, slate);
  }
}

double GreedySlateRandomTies(absl::Span<const double> scores, Rng& draws, absl::Span<int32_t> slate,
                             absl::Span<float> position_probability) {
  GreedySlate(scores, slate);
  double probability = 1;
  for (size_t begin = 0, end = 0; begin < slate.size(); begin = end) {
    const double score = scores[static_cast<size_t>(slate[begin])];
    while (end < slate.size() && scores[static_cast<size_t>(slate[end])] == score) ++end;
    const absl::Span<int32_t> group = slate.subspan(begin, end - begin);
    const size_t equals = end == slate.size() ? DrawAmongLast(scores, score, draws, group) : group.size();
    for (size_t i = group.size(); i > 1; --i) std::swap(group[i - 1], group[draws.Index(static_cast<uint32_t>(i))]);
    for (size_t i = 0; i < group.size(); ++i) probability /= static_cast<double>(equals - i);
    if (!position_probability.empty()) {
      std::fill_n(position_probability.begin() + begin, group.size(), 1.0f / static_cast<float>(equals));
    }
  }
  return probability;
}

}  // namespace recbots
