#include "replay/table/selectors/ordered_list.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots::replay {

absl::StatusOr<std::unique_ptr<Selector>> OrderedList::Create(uint32_t num_slots, End front, const SlotKeys& keys) {
  RECBOTS_ASSIGN_OR_RETURN(auto links, LazyArray<Links>::Create(num_slots, "links by age"));
  return std::unique_ptr<Selector>(new OrderedList(std::move(links), front, keys));
}

OrderedList::OrderedList(LazyArray<Links> links, End front, const SlotKeys& keys)
    : front_(front), keys_(keys), links_(std::move(links)) {}

void OrderedList::Insert(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) {
    if (newest_ == kNone || keys_.ages[newest_] < keys_.ages[slot]) {
      LinkAfter(newest_, slot);
    } else {
      LinkAfter(FindOlder(slot), slot);
      last_returned_ = slot;
    }
  }
}

void OrderedList::Remove(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) Unlink(slot);
}

void OrderedList::Replace(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) {
    Unlink(slot);
    LinkAfter(newest_, slot);
  }
}

void OrderedList::Draw(Rng&, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const {
  std::fill(slots.begin(), slots.end(), Front());
  std::fill(probabilities.begin(), probabilities.end(), 1.0f);
}

absl::Status OrderedList::Load(absl::string_view saved, absl::Span<const uint32_t> members) {
  if (!saved.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("list by age of ", saved.size(), " bytes, want 0"));
  }
  for (const uint32_t slot : members) LinkAfter(newest_, slot);
  return absl::OkStatus();
}

void OrderedList::LinkAfter(uint32_t older, uint32_t slot) {
  const uint32_t newer = older == kNone ? oldest_ : links_[older].newer;
  links_[slot] = {older, newer};
  (older == kNone ? oldest_ : links_[older].newer) = slot;
  (newer == kNone ? newest_ : links_[newer].older) = slot;
  ++size_;
}

void OrderedList::Unlink(uint32_t slot) {
  const Links links = links_[slot];
  (links.older == kNone ? oldest_ : links_[links.older].newer) = links.newer;
  (links.newer == kNone ? newest_ : links_[links.newer].older) = links.older;
  if (slot == last_returned_) last_returned_ = kNone;
  --size_;
}

uint32_t OrderedList::FindOlder(uint32_t slot) const {
  const uint64_t age = keys_.ages[slot];
  uint32_t at = last_returned_ != kNone ? last_returned_ : Front();
  while (at != kNone && keys_.ages[at] > age) at = links_[at].older;
  if (at == kNone) return kNone;
  for (uint32_t newer = links_[at].newer; newer != kNone && keys_.ages[newer] < age; newer = links_[at].newer) {
    at = newer;
  }
  return at;
}

}  // namespace recbots::replay
