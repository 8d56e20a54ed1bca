#include "common/agents/click_bandit_slate.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/base/log.h"
#include "common/rl/spec.h"

namespace recbots {

ArmSlateBuilder::ArmSlateBuilder(int num_arms, int num_candidates, int slate_size, int min_slate_size)
    : num_candidates_(static_cast<size_t>(num_candidates)),
      slate_size_(static_cast<size_t>(slate_size)),
      min_slate_size_(static_cast<size_t>(min_slate_size)),
      visited_(static_cast<size_t>(num_arms)),
      length_(static_cast<size_t>(num_arms)),
      marks_(num_candidates_),
      subsets_(slate_size_ * slate_size_) {
  RECBOTS_CHECK(num_arms >= 1) << "num_arms " << num_arms;
  RECBOTS_CHECK(slate_size >= 1 && slate_size <= num_candidates)
      << "slate_size " << slate_size << ", want 1.." << num_candidates;
  RECBOTS_CHECK(min_slate_size >= 0 && min_slate_size <= slate_size)
      << "min_slate_size " << min_slate_size << ", want 0.." << slate_size;
  group_.reserve(visited_.size());
}

double ArmSlateBuilder::Build(absl::Span<const double> keys, const ArmLists& lists, ArmTies ties, Rng& draws,
                              absl::Span<int32_t> slate, absl::Span<float> position_probability) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  std::fill(visited_.begin(), visited_.end(), uint8_t{0});
  double probability = 1;
  std::fill(position_probability.begin(), position_probability.end(), 1.0f);
  size_t size = 0;
  while (size < slate_size_ && NextGroup(keys, lists, slate.subspan(0, size))) {
    if (ties == ArmTies::kHigherArm) std::reverse(group_.begin(), group_.end());
    if (ties == ArmTies::kRandom && group_.size() > 1) {
      if (GroupSharesCandidates(lists, slate.subspan(0, size))) probability = kUnknown;
      size = AppendTied(lists, draws, size, slate, position_probability, probability);
    } else {
      for (const size_t arm : group_) size = Append(lists[arm], size, slate);
    }
  }
  size = Fill(size, slate);
  std::fill(slate.begin() + static_cast<std::ptrdiff_t>(size), slate.end(), kNoItem);
  for (size_t k = 0; k < position_probability.size(); ++k) {
    if (probability != probability) position_probability[k] = std::numeric_limits<float>::quiet_NaN();
    if (k >= size) position_probability[k] = 0.0f;
  }
  return probability;
}

bool ArmSlateBuilder::NextGroup(absl::Span<const double> keys, const ArmLists& lists, absl::Span<const int32_t> shown) {
  group_.clear();
  double best = 0;
  bool found = false;
  for (size_t arm = 0; arm < keys.size(); ++arm) {
    if (visited_[arm] != 0 || (found && !(keys[arm] > best))) continue;
    best = keys[arm];
    found = true;
  }
  if (!found) return false;
  RECBOTS_CHECK(best == best) << "a key is NaN";
  for (size_t arm = 0; arm < keys.size(); ++arm) {
    if (visited_[arm] != 0 || keys[arm] != best) continue;
    visited_[arm] = 1;
    length_[arm] = CountNew(lists[arm], shown);
    if (length_[arm] > 0) group_.push_back(arm);
  }
  return true;
}

size_t ArmSlateBuilder::CountNew(const int32_t* list, absl::Span<const int32_t> shown) const {
  size_t count = 0;
  for (size_t k = 0; k < slate_size_ && list[k] != kNoItem; ++k) {
    count += std::find(shown.begin(), shown.end(), list[k]) == shown.end() ? 1 : 0;
  }
  return count;
}

bool ArmSlateBuilder::GroupSharesCandidates(const ArmLists& lists, absl::Span<const int32_t> shown) {
  if (++mark_ == 0) {  // The counter wrapped around: old marks could be taken for new ones.
    std::fill(marks_.begin(), marks_.end(), 0U);
    mark_ = 1;
  }
  for (const size_t arm : group_) {
    for (size_t k = 0; k < slate_size_ && lists[arm][k] != kNoItem; ++k) {
      const int32_t item = lists[arm][k];
      if (std::find(shown.begin(), shown.end(), item) != shown.end()) continue;
      if (std::exchange(marks_[static_cast<size_t>(item)], mark_) == mark_) return true;
    }
  }
  return false;
}

size_t ArmSlateBuilder::Append(const int32_t* list, size_t size, absl::Span<int32_t> slate) const {
  for (size_t k = 0; k < slate_size_ && size < slate_size_ && list[k] != kNoItem; ++k) {
    const auto end = slate.begin() + static_cast<std::ptrdiff_t>(size);
    if (std::find(slate.begin(), end, list[k]) == end) slate[size++] = list[k];
  }
  return size;
}

size_t ArmSlateBuilder::AppendTied(const ArmLists& lists, Rng& draws, size_t size, absl::Span<int32_t> slate,
                                   absl::Span<float> position_probability, double& probability) {
  const size_t start = size;
  for (size_t j = 0; j < group_.size() && size < slate_size_; ++j) {
    const size_t left = group_.size() - j;
    if (left > 1) std::swap(group_[j], group_[j + draws.Index(static_cast<uint32_t>(left))]);
    probability /= static_cast<double>(left);
    const size_t before = size;
    size = Append(lists[group_[j]], size, slate);
    if (position_probability.empty()) continue;
    const auto at_offset = static_cast<float>(OffsetProbability(j, before - start));
    std::fill_n(position_probability.begin() + before, size - before, at_offset);
  }
  return size;
}

// With probability 1 / g exactly j of the g arms of the group come before this arm, and all sets of j other arms are
// equally likely. subsets_[j * K + o] becomes the number of sets of j other arms with o items together. Every arm has
// at least one item, so only j <= o < K matter.
double ArmSlateBuilder::OffsetProbability(size_t member, size_t offset) {
  std::fill(subsets_.begin(), subsets_.end(), 0.0);
  subsets_[0] = 1;
  for (size_t i = 0; i < group_.size(); ++i) {
    const size_t length = length_[group_[i]];
    if (i == member || length > offset) continue;
    for (size_t j = offset; j > 0; --j) {
      for (size_t o = length; o <= offset; ++o) {
        subsets_[j * slate_size_ + o] += subsets_[(j - 1) * slate_size_ + o - length];
      }
    }
  }
  const auto others = static_cast<double>(group_.size() - 1);
  double probability = 0, sets_of_j = 1;
  for (size_t j = 0; j <= offset && static_cast<double>(j) <= others; ++j) {
    probability += subsets_[j * slate_size_ + offset] / sets_of_j;
    sets_of_j *= (others - static_cast<double>(j)) / static_cast<double>(j + 1);
  }
  return probability / (others + 1);
}

size_t ArmSlateBuilder::Fill(size_t size, absl::Span<int32_t> slate) const {
  for (int32_t candidate = 0; size < min_slate_size_; ++candidate) {
    const auto end = slate.begin() + static_cast<std::ptrdiff_t>(size);
    if (std::find(slate.begin(), end, candidate) == end) slate[size++] = candidate;
  }
  return size;
}

}  // namespace recbots
