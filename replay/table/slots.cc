#include "replay/table/slots.h"

#include "common/base/status_macros.h"

namespace recbots::replay {

absl::StatusOr<Slots> Slots::Create(uint32_t num_slots, bool counted, uint32_t base) {
  Slots slots;
  RECBOTS_ASSIGN_OR_RETURN(slots.words, LazyArray<uint32_t>::Create(num_slots, "generations"));
  RECBOTS_ASSIGN_OR_RETURN(slots.priorities, LazyArray<float>::Create(num_slots, "priorities"));
  RECBOTS_ASSIGN_OR_RETURN(slots.ages, LazyArray<uint64_t>::Create(num_slots, "ages"));
  const size_t num_counted = counted ? num_slots : 0;
  RECBOTS_ASSIGN_OR_RETURN(slots.times, LazyArray<uint16_t>::Create(num_counted, "times sampled"));
  RECBOTS_ASSIGN_OR_RETURN(slots.pending, LazyArray<uint16_t>::Create(num_counted, "times in flight"));
  RECBOTS_ASSIGN_OR_RETURN(slots.free_, LazyArray<uint32_t>::Create(num_counted, "free slots"));
  slots.num_slots_ = num_slots;
  slots.base_ = base & kMaxGeneration;
  return slots;
}

}  // namespace recbots::replay
