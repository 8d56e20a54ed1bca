// Draws slots in proportion to priority^alpha (Schaul et al. 2016, arXiv:1511.05952, equation 1), quantised by
// PriorityWeight. A slot with priority 0 is never drawn. The probabilities are those of the quantised weights, and
// exact up to rounding to float.
#pragma once

#include <memory>

#include "replay/table/selectors/priority_weight.h"
#include "replay/table/selectors/selector.h"
#include "replay/table/selectors/sum_tree.h"

namespace recbots::replay {

class Prioritized : public Selector {
 public:
  static absl::StatusOr<std::unique_ptr<Selector>> Create(uint32_t num_slots, double alpha, const SlotKeys& keys);

  void Insert(absl::Span<const uint32_t> slots) override;
  void Remove(absl::Span<const uint32_t> slots) override;
  void Replace(absl::Span<const uint32_t> slots) override { Update(slots); }
  void Update(absl::Span<const uint32_t> slots) override;
  void Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const override;
  uint32_t Front() const override;
  int64_t size() const override { return size_; }
  uint64_t total_weight() const override { return tree_.total(); }
  absl::Status Load(absl::string_view saved, absl::Span<const uint32_t> members) override;

 private:
  Prioritized(SumTree tree, double alpha, const SlotKeys& keys);
  uint32_t WeightOf(float priority);

  const PriorityWeight weight_;
  const SlotKeys keys_;
  SumTree tree_;
  int64_t size_ = 0;
  // A cache: most new rows have the same priority.
  float last_priority_ = 0;
  uint32_t last_weight_ = 0;
};

}  // namespace recbots::replay
