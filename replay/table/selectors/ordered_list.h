// Slots in order of age; its front is the oldest or the newest.
//
// A doubly linked list through two arrays by slot. Everything is O(1) but an Insert of rows that are older than some in
// it: those are looked for from the front, or from where the last such one went, so that rows which come back after
// they left the front (refunds) cost little.
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
  // Puts a slot behind one that is in it; kNone: before all.
  void LinkAfter(uint32_t older, uint32_t slot);
  void Unlink(uint32_t slot);
  // The newest one in it that is older than `slot`, or kNone.
  uint32_t FindOlder(uint32_t slot) const;

  const End front_;
  const SlotKeys keys_;
  LazyArray<Links> links_;
  uint32_t oldest_ = kNone;
  uint32_t newest_ = kNone;
  uint32_t last_returned_ = kNone;  // The slot that was last put among older and newer ones, while it is in it.
  int64_t size_ = 0;
};

}  // namespace recbots::replay
