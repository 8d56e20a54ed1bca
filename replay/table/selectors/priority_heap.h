// Keeps the slot with the highest or the lowest priority in front; of equal priorities, the oldest slot.
//
// A heap with four children per node in one array, and the position of each slot in that array. It has half the levels
// of a binary heap, and the four children of a node lie in two cache lines. A change costs O(log n), the front O(1).
#pragma once

#include <memory>

#include "replay/table/mapped_memory.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay {

class PriorityHeap : public Selector {
 public:
  static constexpr size_t kBytesPerSlot = 20;

  enum class Top { kHighest, kLowest };

  static absl::StatusOr<std::unique_ptr<Selector>> Create(uint32_t num_slots, Top top, const SlotKeys& keys);

  void Insert(absl::Span<const uint32_t> slots) override;
  void Remove(absl::Span<const uint32_t> slots) override;
  void Replace(absl::Span<const uint32_t> slots) override { Update(slots); }
  void Update(absl::Span<const uint32_t> slots) override;
  void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const override;
  uint32_t Front() const override { return nodes_[0].slot; }
  int64_t size() const override { return static_cast<int64_t>(size_); }
  uint64_t total_weight() const override { return size_; }
  absl::Status Load(absl::string_view saved, absl::Span<const uint32_t> members) override;

 private:
  struct Node {
    float rank;  // The priority, negated for kHighest: the lowest rank comes first.
    uint32_t slot;
    uint64_t age;  // A copy, because keys_.ages of all slots of a call change before it.
  };

  PriorityHeap(LazyArray<Node> nodes, LazyArray<uint32_t> positions, Top top, const SlotKeys& keys);
  Node NodeOf(uint32_t slot) const { return {sign_ * keys_.priorities[slot], slot, keys_.ages[slot]}; }
  static bool Before(const Node& a, const Node& b) { return a.rank < b.rank || (a.rank == b.rank && a.age < b.age); }
  void Put(size_t position, const Node& node) {
    nodes_[position] = node;
    positions_[node.slot] = static_cast<uint32_t>(position);
  }
  // Moves a node to its place in the heap, starting at `position`, which is free.
  void Settle(size_t position, const Node& node);

  const float sign_;
  const SlotKeys keys_;
  LazyArray<Node> nodes_;
  LazyArray<uint32_t> positions_;  // Indexed by slot.
  size_t size_ = 0;
};

}  // namespace recbots::replay
