// What a table knows of its slots beside the rows' bytes: whether one holds a row and of which generation, priority,
// age, times sampled; and which slots are free.
//
// Arrays by slot, touched slot by slot. Slots are used from 0 on; those that were given up are taken again first, the
// last one given up before the others. Not thread-safe: Table guards it.
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
  // Bits of a word: generation, holds a row, is not in the remover (only leased rows are not).
  static constexpr uint32_t kHeld = uint32_t{1} << 31;
  static constexpr uint32_t kParked = uint32_t{1} << 30;
  static constexpr uint32_t kWordBits = kHeld | kParked | kMaxGeneration;

  Slots() = default;

  // `counted`: times sampled are kept, and rows may be given up. Generations begin at `base`, 24 bits.
  static absl::StatusOr<Slots> Create(uint32_t num_slots, bool counted, uint32_t base);
  // Memory for each slot.
  static constexpr size_t BytesPerSlot(bool counted) { return counted ? 24 : 16; }

  SlotKeys keys() const { return {priorities.data(), ages.data()}; }

  // The key of the row in a slot that holds one.
  ItemKey KeyOf(uint32_t slot) const { return MakeKey(words[slot] & kMaxGeneration, slot); }
  // Whether the row of that key is still there; looks at no shard.
  bool Holds(ItemKey key) const {
    const uint32_t slot = SlotOf(key);
    return slot < used_ && (words[slot] & (kHeld | kMaxGeneration)) == (kHeld | GenerationOf(key));
  }
  bool held(uint32_t slot) const { return (words[slot] & kHeld) != 0; }
  bool parked(uint32_t slot) const { return (words[slot] & kParked) != 0; }
  void set_parked(uint32_t slot, bool parked) { words[slot] = parked ? words[slot] | kParked : words[slot] & ~kParked; }

  // The slot that TakeFree would give; kNone when all hold rows.
  uint32_t NextFree() const {
    if (num_free_ > 0) return free_[num_free_ - 1];
    return used_ < num_slots_ ? used_ : kNone;
  }
  // Takes that slot for a row.
  void TakeFree() {
    if (num_free_ > 0) {
      words[free_[--num_free_]] |= kHeld;
    } else {
      words[used_++] = kHeld | base_;
    }
  }
  // The slot holds another row now: keys of the one before are stale.
  void Renew(uint32_t slot) { words[slot] = kHeld | ((words[slot] + 1) & kMaxGeneration); }
  // The slot holds no row any more.
  void GiveUp(uint32_t slot) {
    words[slot] = (words[slot] + 1) & kMaxGeneration;
    free_[num_free_++] = slot;
  }

  uint32_t num_slots() const { return num_slots_; }
  // Slots ever used: those below it.
  uint32_t used() const { return used_; }
  uint32_t num_held() const { return used_ - num_free_; }
  uint32_t base() const { return base_; }
  absl::Span<const uint32_t> free() const { return {free_.data(), num_free_}; }

  // For restoring: slots below `used` were used, `free` of them (in the order given up) hold no row. The arrays have
  // been written.
  void Restore(uint32_t used, absl::Span<const uint32_t> free, uint32_t base) {
    used_ = used;
    base_ = base;
    num_free_ = 0;
    for (const uint32_t slot : free) free_[num_free_++] = slot;
  }

  LazyArray<uint32_t> words;
  LazyArray<float> priorities;
  LazyArray<uint64_t> ages;  // Rows inserted before it.
  // With `counted` only: times drawn, less those refunded; and those neither acknowledged nor refunded yet.
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
