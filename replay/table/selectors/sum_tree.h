// Weights of slots, their exact sum, and draws in proportion to them.
//
// An 8-ary tree of unsigned 64-bit sums. The eight sums of a node fill one cache line, so with 2 M weights a draw or a
// change touches seven lines. Integers do not round: sums never drift, whatever the order and number of changes, and
// are the same on every machine. With a million weights a change costs 15 ns and a draw 100 ns, random numbers
// included; eight draws descend together, so that their cache misses overlap.
//
// Not thread-safe. Pages of its memory are touched only as slots are used.
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

  // Makes a tree in which all weights are 0. RESOURCE_EXHAUSTED: the address space has no room for this many.
  static absl::StatusOr<SumTree> Create(uint32_t num_slots);

  // Sets the weights of slots, in this order (a slot may come twice). Cheapest if neighbouring slots follow each other.
  void Set(absl::Span<const uint32_t> slots, absl::Span<const uint32_t> weights);
  uint64_t weight(uint32_t slot) const { return levels_[0][slot]; }
  uint64_t total() const { return total_; }

  // Draws slots in proportion to their weights, and fills in the probability of each draw. Requires total() > 0.
  void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const;
  // The slot whose interval contains `point` when the weights are laid end to end in the order of slots. Requires point
  // < total().
  uint32_t Find(uint64_t point) const;

 private:
  static constexpr size_t kGroup = 8;  // Draws that descend the tree together.

  SumTree() = default;
  // Finds the slots of `count` <= kGroup points; `points` become offsets within the weights of these slots.
  void Descend(uint64_t* points, uint32_t* slots, size_t count) const;
  void AddAbove(size_t node, uint64_t delta);

  LazyArray<uint64_t> memory_;
  std::vector<uint64_t*> levels_;  // Weights, sums of eight weights, ... ; the last level is one line.
  uint64_t total_ = 0;
};

}  // namespace recbots::replay
