// What a table knows of its slots besides the bytes of rows: whether a slot holds a row, the row's generation,
// priority, age and number of samples, and which slots are free.
//
// Arrays indexed by slot, whose pages are touched only as slots are used. Slots are used from 0 on; slots that were
// given up are reused first, the last one given up before the others. Not thread-safe: Table guards it with its mutex.
#pragma once

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "replay/table/item_key.h"
#include "replay/table/mapped_memory.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay {

class Slots {
 public:
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  // Bits of a word: kHeld, the slot holds a row; kParked, the row is not in the remover (only leased rows are not); the
  // generation.
  static constexpr uint32_t kHeld = uint32_t{1} << 31;
  static constexpr uint32_t kParked = uint32_t{1} << 30;
  static constexpr uint32_t kWordBits = kHeld | kParked | kMaxGeneration;

  Slots() = default;

  // If `counted`, the number of samples of each row is kept, and slots may be given up. Generations begin at `base`,
  // which has 24 bits.
  static absl::StatusOr<Slots> Create(uint32_t num_slots, bool counted, uint32_t base);
  // Bytes of memory for each slot.
  static constexpr size_t BytesPerSlot(bool counted) { return counted ? 24 : 16; }

  SlotKeys keys() const { return {priorities.data(), ages.data()}; }

  // The key of the row in `slot`, which must hold one.
  ItemKey KeyOf(uint32_t slot) const { return MakeKey(words[slot] & kMaxGeneration, slot); }
  // Whether the row of that key is still in its slot; ignores the shard.
  bool Holds(ItemKey key) const {
    const uint32_t slot = SlotOf(key);
    return slot < used_ && (words[slot] & (kHeld | kMaxGeneration)) == (kHeld | GenerationOf(key));
  }
  bool held(uint32_t slot) const { return (words[slot] & kHeld) != 0; }
  bool parked(uint32_t slot) const { return (words[slot] & kParked) != 0; }
  void set_parked(uint32_t slot, bool parked) { words[slot] = parked ? words[slot] | kParked : words[slot] & ~kParked; }

  // The slot that TakeFree would take; kNone if all slots hold rows.
  uint32_t NextFree() const {
    if (num_free_ > 0) return free_[num_free_ - 1];
    return used_ < num_slots_ ? used_ : kNone;
  }
  // Takes the slot NextFree() for a row.
  void TakeFree() {
    if (num_free_ > 0) {
      words[free_[--num_free_]] |= kHeld;
    } else {
      words[used_++] = kHeld | base_;
    }
  }
  // Tells that the slot now holds another row: keys of the previous row become stale.
  void Renew(uint32_t slot) { words[slot] = kHeld | ((words[slot] + 1) & kMaxGeneration); }
  // Tells that the slot holds no row any more.
  void GiveUp(uint32_t slot) {
    words[slot] = (words[slot] + 1) & kMaxGeneration;
    free_[num_free_++] = slot;
  }

  uint32_t num_slots() const { return num_slots_; }
  // The number of slots ever used, which are those below this number.
  uint32_t used() const { return used_; }
  uint32_t num_held() const { return used_ - num_free_; }
  uint32_t base() const { return base_; }
  absl::Span<const uint32_t> free() const { return {free_.data(), num_free_}; }

  // For restoring a table: slots below `used` were used, and `free` lists those of them that hold no row, in the order
  // in which they were given up. The caller has written the arrays.
  void Restore(uint32_t used, absl::Span<const uint32_t> free, uint32_t base) {
    used_ = used;
    base_ = base;
    num_free_ = 0;
    for (const uint32_t slot : free) free_[num_free_++] = slot;
  }

  LazyArray<uint32_t> words;
  LazyArray<float> priorities;
  LazyArray<uint64_t> ages;  // The number of rows inserted before this row.
  // Only if `counted`. times: the number of draws, minus those refunded. pending: the number of draws that are neither
  // acknowledged nor refunded yet.
  LazyArray<uint16_t> times;
  LazyArray<uint16_t> pending;

 private:
  LazyArray<uint32_t> free_;
  uint32_t num_slots_ = 0;
  uint32_t used_ = 0;
  uint32_t num_free_ = 0;
  uint32_t base_ = 0;
};

}  // namespace recbots::replay
