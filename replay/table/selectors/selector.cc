#include "replay/table/selectors/selector.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "replay/table/selectors/ordered_list.h"
#include "replay/table/selectors/prioritized.h"
#include "replay/table/selectors/priority_heap.h"
#include "replay/table/selectors/uniform.h"

namespace recbots::replay {
namespace {

using Made = absl::StatusOr<std::unique_ptr<Selector>>;

struct Row {
  SelectorTraits traits;
  Made (*make)(uint32_t num_slots, double priority_exponent, const SlotKeys& keys);
};

template <OrderedList::End kEnd>
Made MakeList(uint32_t num_slots, double /*priority_exponent*/, const SlotKeys& keys) {
  return OrderedList::Create(num_slots, kEnd, keys);
}

template <PriorityHeap::Top kTop>
Made MakeHeap(uint32_t num_slots, double /*priority_exponent*/, const SlotKeys& keys) {
  return PriorityHeap::Create(num_slots, kTop, keys);
}

// The one list of all kinds, in the order of their numbers.
constexpr Row kRows[] = {
    {{.kind = SelectorKind::kUniform,
      .name = "uniform",
      .at_random = true,
      .bytes_per_slot = Uniform::kBytesPerSlot,
      .saved_bytes_per_slot = Uniform::kSavedBytesPerSlot},
     [](uint32_t num_slots, double, const SlotKeys&) -> Made { return Uniform::Create(num_slots); }},
    {{.kind = SelectorKind::kPrioritized,
      .name = "prioritized",
      .at_random = true,
      .by_weight = true,
      .bytes_per_slot = SumTree::kBytesPerSlot},
     [](uint32_t num_slots, double exponent, const SlotKeys& keys) -> Made {
       return Prioritized::Create(num_slots, exponent, keys);
     }},
    {{.kind = SelectorKind::kOldest, .name = "oldest", .bytes_per_slot = OrderedList::kBytesPerSlot},
     MakeList<OrderedList::End::kOldest>},
    {{.kind = SelectorKind::kNewest, .name = "newest", .bytes_per_slot = OrderedList::kBytesPerSlot},
     MakeList<OrderedList::End::kNewest>},
    {{.kind = SelectorKind::kHighestPriority,
      .name = "highest_priority",
      .bytes_per_slot = PriorityHeap::kBytesPerSlot},
     MakeHeap<PriorityHeap::Top::kHighest>},
    {{.kind = SelectorKind::kLowestPriority, .name = "lowest_priority", .bytes_per_slot = PriorityHeap::kBytesPerSlot},
     MakeHeap<PriorityHeap::Top::kLowest>},
};

const Row* FindRow(SelectorKind kind) {
  const auto* const found =
      std::find_if(std::begin(kRows), std::end(kRows), [kind](const Row& row) { return row.traits.kind == kind; });
  return found == std::end(kRows) ? nullptr : found;
}

}  // namespace

std::vector<SelectorTraits> AllSelectors() {
  std::vector<SelectorTraits> all;
  for (const Row& row : kRows) all.push_back(row.traits);
  return all;
}

absl::StatusOr<SelectorTraits> TraitsOf(SelectorKind kind) {
  if (const Row* const row = FindRow(kind); row != nullptr) return row->traits;
  return absl::InvalidArgumentError(absl::StrCat(static_cast<int>(kind), ", want 1..", std::size(kRows)));
}

absl::string_view NameOf(SelectorKind kind) {
  const Row* const row = FindRow(kind);
  return row == nullptr ? "unknown" : row->traits.name;
}

absl::StatusOr<std::unique_ptr<Selector>> MakeSelector(SelectorKind kind, uint32_t num_slots, double priority_exponent,
                                                       const SlotKeys& keys) {
  const Row* const row = FindRow(kind);
  if (row != nullptr) return row->make(num_slots, priority_exponent, keys);
  return absl::InvalidArgumentError(absl::StrCat("selector ", TraitsOf(kind).status().message()));
}

}  // namespace recbots::replay
