#include "replay/table/selectors/prioritized.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

constexpr size_t kGroup = 256;  // This many weights are computed, then the tree takes them.

}  // namespace

absl::StatusOr<std::unique_ptr<Selector>> Prioritized::Create(uint32_t num_slots, double alpha, const SlotKeys& keys) {
  RECBOTS_ASSIGN_OR_RETURN(SumTree tree, SumTree::Create(num_slots));
  return std::unique_ptr<Selector>(new Prioritized(std::move(tree), alpha, keys));
}

Prioritized::Prioritized(SumTree tree, double alpha, const SlotKeys& keys)
    : weight_(alpha), keys_(keys), tree_(std::move(tree)) {}

void Prioritized::Insert(absl::Span<const uint32_t> slots) {
  Update(slots);
  size_ += static_cast<int64_t>(slots.size());
}

void Prioritized::Remove(absl::Span<const uint32_t> slots) {
  static constexpr std::array<uint32_t, kGroup> kZeros = {};
  size_ -= static_cast<int64_t>(slots.size());
  for (; !slots.empty(); slots.remove_prefix(std::min(kGroup, slots.size()))) {
    const auto part = slots.first(std::min(kGroup, slots.size()));
    tree_.Set(part, absl::MakeConstSpan(kZeros).first(part.size()));
  }
}

void Prioritized::Update(absl::Span<const uint32_t> slots) {
  std::array<uint32_t, kGroup> weights;
  for (; !slots.empty(); slots.remove_prefix(std::min(kGroup, slots.size()))) {
    const auto part = slots.first(std::min(kGroup, slots.size()));
    for (size_t i = 0; i < part.size(); ++i) weights[i] = WeightOf(keys_.priorities[part[i]]);
    tree_.Set(part, absl::MakeConstSpan(weights).first(part.size()));
  }
}

uint32_t Prioritized::WeightOf(float priority) {
  if (priority != last_priority_) {
    last_priority_ = priority;
    last_weight_ = weight_(priority);
  }
  return last_weight_;
}

void Prioritized::Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const {
  tree_.Draw(rng, slots, probabilities);
}

uint32_t Prioritized::Front() const {
  RECBOTS_CHECK(false) << "a prioritized selector has no front";
  return 0;
}

absl::Status Prioritized::Load(absl::string_view saved, absl::Span<const uint32_t> members) {
  if (!saved.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("sum tree of ", saved.size(), " bytes, want 0"));
  }
  Insert(members);
  return absl::OkStatus();
}

}  // namespace recbots::replay
