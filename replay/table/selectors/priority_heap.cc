#include "replay/table/selectors/priority_heap.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

constexpr size_t kChildren = 4;

}  // namespace

absl::StatusOr<std::unique_ptr<Selector>> PriorityHeap::Create(uint32_t num_slots, Top top, const SlotKeys& keys) {
  RECBOTS_ASSIGN_OR_RETURN(auto nodes, LazyArray<Node>::Create(num_slots, "heap of priorities"));
  RECBOTS_ASSIGN_OR_RETURN(auto positions, LazyArray<uint32_t>::Create(num_slots, "positions in a heap"));
  return std::unique_ptr<Selector>(new PriorityHeap(std::move(nodes), std::move(positions), top, keys));
}

PriorityHeap::PriorityHeap(LazyArray<Node> nodes, LazyArray<uint32_t> positions, Top top, const SlotKeys& keys)
    : sign_(top == Top::kHighest ? -1.0f : 1.0f),
      keys_(keys),
      nodes_(std::move(nodes)),
      positions_(std::move(positions)) {}

void PriorityHeap::Insert(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) {
    const size_t position = size_++;
    Settle(position, NodeOf(slot));
  }
}

void PriorityHeap::Remove(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) {
    const size_t position = positions_[slot];
    const Node last = nodes_[--size_];
    if (last.slot != slot) Settle(position, last);
  }
}

void PriorityHeap::Update(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) Settle(positions_[slot], NodeOf(slot));
}

void PriorityHeap::Draw(Rng&, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const {
  std::fill(slots.begin(), slots.end(), Front());
  std::fill(probabilities.begin(), probabilities.end(), 1.0f);
}

absl::Status PriorityHeap::Load(absl::string_view saved, absl::Span<const uint32_t> members) {
  if (!saved.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("heap of ", saved.size(), " bytes, want 0"));
  }
  Insert(members);
  return absl::OkStatus();
}

void PriorityHeap::Settle(size_t position, const Node& node) {
  while (position > 0) {
    const size_t parent = (position - 1) / kChildren;
    if (!Before(node, nodes_[parent])) break;
    Put(position, nodes_[parent]);
    position = parent;
  }
  for (size_t child = position * kChildren + 1; child < size_; child = position * kChildren + 1) {
    const size_t end = std::min(child + kChildren, size_);
    size_t first = child;
    for (size_t i = child + 1; i < end; ++i) {
      if (Before(nodes_[i], nodes_[first])) first = i;
    }
    if (!Before(nodes_[first], node)) break;
    Put(position, nodes_[first]);
    position = first;
  }
  Put(position, node);
}

}  // namespace recbots::replay
