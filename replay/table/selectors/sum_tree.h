// Weights of slots, their exact sum, and draws in proportion to them.
//
// An 8-ary tree of unsigned 64-bit sums: the eight sums of a node fill one cache line, so a draw or a change of one of
// 2 M weights touches seven. Integers do not round: sums never drift, whatever the order and number of changes, and are
// the same on every machine. Cost with a million weights: 15 ns for a change, 100 ns for a draw, random numbers
// included; eight draws go down together, so that their cache misses overlap.
//
// Not thread-safe. Memory is touched as slots are.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/random.h"
#include "replay/table/mapped_memory.h"

namespace recbots::replay {

class SumTree {
 public:
  // Bytes for each slot: 8 for the weight, 8/7 for the sums above.
  static constexpr size_t kBytesPerSlot = 10;

  // All weights are 0. RESOURCE_EXHAUSTED: no address space for this many.
  static absl::StatusOr<SumTree> Create(uint32_t num_slots);

  // New weights of slots, in this order (a slot may come twice). Cheapest when neighbours follow each other.
  void Set(absl::Span<const uint32_t> slots, absl::Span<const uint32_t> weights);
  uint64_t weight(uint32_t slot) const { return levels_[0][slot]; }
  uint64_t total() const { return total_; }

  // Draws slots in proportion to their weights, and gives the probability of each. Requires total() > 0.
  void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const;
  // The slot in which `point` falls when weights are laid end to end in order of slots. Requires point < total().
  uint32_t Find(uint64_t point) const;

 private:
  static constexpr size_t kGroup = 8;  // Draws that go down the tree together.

  SumTree() = default;
  // Takes `count` <= kGroup points down to their slots; `points` are left as offsets within the weights.
  void Descend(uint64_t* points, uint32_t* slots, size_t count) const;
  void AddAbove(size_t node, uint64_t delta);

  LazyArray<uint64_t> memory_;
  std::vector<uint64_t*> levels_;  // Weights, sums of eight weights, ... ; the last level is one line.
  uint64_t total_ = 0;
};

}  // namespace recbots::replay
