// Draws every slot equally often.
//
// A dense array of the slots in the selector, and the position of each slot. The last slot replaces one that is
// removed. The order of the array, and thus the slot that a random number selects, therefore follows from the history
// of inserts and removals, not from age; Save keeps the order. Draws use 64 bits, so their bias is below num_slots /
// 2^64.
#pragma once

#include <memory>

#include "replay/table/mapped_memory.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay {

class Uniform : public Selector {
 public:
  static constexpr size_t kBytesPerSlot = 8;
  static constexpr size_t kSavedBytesPerSlot = sizeof(uint32_t);

  static absl::StatusOr<std::unique_ptr<Selector>> Create(uint32_t num_slots);

  void Insert(absl::Span<const uint32_t> slots) override;
  void Remove(absl::Span<const uint32_t> slots) override;
  void Replace(absl::Span<const uint32_t>) override {}
  void Update(absl::Span<const uint32_t>) override {}
  void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const override;
  uint32_t Front() const override;
  int64_t size() const override { return size_; }
  uint64_t total_weight() const override { return static_cast<uint64_t>(size_); }
  size_t SavedBytes() const override { return static_cast<size_t>(size_) * kSavedBytesPerSlot; }
  void Save(char* to) const override;
  absl::Status Load(absl::string_view saved, absl::Span<const uint32_t> members) override;

 private:
  Uniform(LazyArray<uint32_t> slots, LazyArray<uint32_t> positions);

  LazyArray<uint32_t> slots_;      // The first size_ elements are the slots in the selector.
  LazyArray<uint32_t> positions_;  // Indexed by slot: its position in slots_.
  int64_t size_ = 0;
};

}  // namespace recbots::replay
