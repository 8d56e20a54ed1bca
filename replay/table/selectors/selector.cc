#include "replay/table/selectors/selector.h"

#include "absl/strings/str_cat.h"
#include "replay/table/selectors/ordered_list.h"
#include "replay/table/selectors/prioritized.h"
#include "replay/table/selectors/priority_heap.h"
#include "replay/table/selectors/uniform.h"

namespace recbots::replay {

absl::string_view NameOf(SelectorKind kind) {
  switch (kind) {
    case SelectorKind::kUniform:
      return "uniform";
    case SelectorKind::kPrioritized:
      return "prioritized";
    case SelectorKind::kOldest:
      return "oldest";
    case SelectorKind::kNewest:
      return "newest";
    case SelectorKind::kHighestPriority:
      return "highest_priority";
    case SelectorKind::kLowestPriority:
      return "lowest_priority";
  }
  return "unknown";
}

size_t SelectorBytesPerSlot(SelectorKind kind) {
  switch (kind) {
    case SelectorKind::kUniform:
      return Uniform::kBytesPerSlot;
    case SelectorKind::kPrioritized:
      return SumTree::kBytesPerSlot;
    case SelectorKind::kOldest:
    case SelectorKind::kNewest:
      return OrderedList::kBytesPerSlot;
    case SelectorKind::kHighestPriority:
    case SelectorKind::kLowestPriority:
      return PriorityHeap::kBytesPerSlot;
  }
  return 0;
}

size_t SelectorSavedBytesPerSlot(SelectorKind kind) {
  return kind == SelectorKind::kUniform ? Uniform::kSavedBytesPerSlot : 0;
}

absl::StatusOr<std::unique_ptr<Selector>> MakeSelector(SelectorKind kind, uint32_t num_slots, double priority_exponent,
                                                       const SlotKeys& keys) {
  switch (kind) {
    case SelectorKind::kUniform:
      return Uniform::Create(num_slots);
    case SelectorKind::kPrioritized:
      return Prioritized::Create(num_slots, priority_exponent, keys);
    case SelectorKind::kOldest:
      return OrderedList::Create(num_slots, OrderedList::End::kOldest, keys);
    case SelectorKind::kNewest:
      return OrderedList::Create(num_slots, OrderedList::End::kNewest, keys);
    case SelectorKind::kHighestPriority:
      return PriorityHeap::Create(num_slots, PriorityHeap::Top::kHighest, keys);
    case SelectorKind::kLowestPriority:
      return PriorityHeap::Create(num_slots, PriorityHeap::Top::kLowest, keys);
  }
  return absl::InvalidArgumentError(absl::StrCat("selector ", static_cast<int>(kind), ", want 1..6"));
}

}  // namespace recbots::replay
