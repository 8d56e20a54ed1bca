// Keeps slots in order of age; its front is the oldest or the newest slot.
//
// A doubly linked list in arrays indexed by slot. Every operation is O(1), except an Insert of rows that are older than
// some row in the list: the search for their place starts at the front, or at the last row that was inserted in this
// way. Rows that left the front and come back (refunds) therefore cost little.
#pragma once

#include <memory>

#include "replay/table/mapped_memory.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay {

class OrderedList : public Selector {
 public:
  static constexpr size_t kBytesPerSlot = 8;

  enum class End { kOldest, kNewest };

  static absl::StatusOr<std::unique_ptr<Selector>> Create(uint32_t num_slots, End front, const SlotKeys& keys);

  void Insert(absl::Span<const uint32_t> slots) override;
  void Remove(absl::Span<const uint32_t> slots) override;
  void Replace(absl::Span<const uint32_t> slots) override;
  void Update(absl::Span<const uint32_t>) override {}
  void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const override;
  uint32_t Front() const override { return front_ == End::kOldest ? oldest_ : newest_; }
  int64_t size() const override { return size_; }
  uint64_t total_weight() const override { return static_cast<uint64_t>(size_); }
  absl::Status Load(absl::string_view saved, absl::Span<const uint32_t> members) override;

 private:
  static constexpr uint32_t kNone = 0xFFFFFFFF;
  struct Links {
    uint32_t older;
    uint32_t newer;
  };

  OrderedList(LazyArray<Links> links, End front, const SlotKeys& keys);
  // Inserts `slot` behind `older`, which is in the list; kNone inserts it before all slots.
  void LinkAfter(uint32_t older, uint32_t slot);
  void Unlink(uint32_t slot);
  // The newest slot in the list that is older than `slot`, or kNone.
  uint32_t FindOlder(uint32_t slot) const;

  const End front_;
  const SlotKeys keys_;
  LazyArray<Links> links_;
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
  uint32_t last_returned_ = kNone;  // The slot that was last inserted between others, while it is in the list.
  int64_t size_ = 0;
};

}  // namespace recbots::replay
