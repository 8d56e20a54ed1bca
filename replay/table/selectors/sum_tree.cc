#include "replay/table/selectors/sum_tree.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"
#include "replay/table/selectors/random_below.h"

namespace recbots::replay {
namespace {

constexpr int kFanBits = 3;
constexpr size_t kFan = 1 << kFanBits;

// The child of a line that contains `point`; `point` becomes the offset within that child. The code has no branches,
// because the processor could not predict which child it is.
inline size_t PickChild(const uint64_t* line, uint64_t& point) {
  uint64_t end = 0, begin = 0;
  size_t child = 0;
  for (size_t i = 0; i + 1 < kFan; ++i) {
    end += line[i];
    const bool beyond = point >= end;
    child += beyond;
    begin = beyond ? end : begin;
  }
  point -= begin;
  return child;
}

}  // namespace

absl::StatusOr<SumTree> SumTree::Create(uint32_t num_slots) {
  std::vector<size_t> starts;
  size_t size = 0;
  for (size_t nodes = num_slots;;) {
    starts.push_back(size);
    const size_t lines = (nodes + kFan - 1) / kFan;
    size += lines * kFan;
    if (lines <= 1) break;
    nodes = lines;
  }
  SumTree tree;
  RECBOTS_ASSIGN_OR_RETURN(tree.memory_, LazyArray<uint64_t>::Create(size, "sum tree"));
  for (const size_t start : starts) tree.levels_.push_back(tree.memory_.data() + start);
  return tree;
}

void SumTree::Set(absl::Span<const uint32_t> slots, absl::Span<const uint32_t> weights) {
  constexpr size_t kAhead = 8;
  uint64_t* const leaves = levels_[0];
  // Neighbours share their path to the root, which is updated once for a run of neighbours.
  size_t node = 0;
  uint64_t delta = 0;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size()) __builtin_prefetch(leaves + slots[i + kAhead], 1);
    uint64_t& leaf = leaves[slots[i]];
    const size_t above = slots[i] >> kFanBits;
    if (above != node) {
      AddAbove(node, std::exchange(delta, 0));
      node = above;
    }
    delta += weights[i] - leaf;  // Modulo 2^64: sums come out right for decreases as well.
    leaf = weights[i];
  }
  AddAbove(node, delta);
}

void SumTree::AddAbove(size_t node, uint64_t delta) {
  if (delta == 0) return;
  total_ += delta;
  for (size_t level = 1; level < levels_.size(); ++level) {
    levels_[level][node] += delta;
    node >>= kFanBits;
  }
}

void SumTree::Descend(uint64_t* points, uint32_t* slots, size_t count) const {
  size_t nodes[kGroup] = {};
  for (size_t level = levels_.size(); level-- > 0;) {
    for (size_t i = 0; i < count; ++i) {
      nodes[i] = nodes[i] * kFan + PickChild(levels_[level] + nodes[i] * kFan, points[i]);
      if (level > 0) __builtin_prefetch(levels_[level - 1] + nodes[i] * kFan);
    }
  }
  for (size_t i = 0; i < count; ++i) slots[i] = static_cast<uint32_t>(nodes[i]);
}

void SumTree::Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const {
  const auto total = static_cast<double>(total_);
  uint64_t points[kGroup];
  for (size_t begin = 0; begin < slots.size(); begin += kGroup) {
    const size_t count = std::min(kGroup, slots.size() - begin);
    for (size_t i = 0; i < count; ++i) points[i] = RandomBelow(rng, total_);
    Descend(points, &slots[begin], count);
    for (size_t i = 0; i < count; ++i) {
      probabilities[begin + i] = static_cast<float>(static_cast<double>(weight(slots[begin + i])) / total);
    }
  }
}

uint32_t SumTree::Find(uint64_t point) const {
  uint32_t slot = 0;
  Descend(&point, &slot, 1);
  return slot;
}

}  // namespace recbots::replay
