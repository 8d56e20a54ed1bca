#include "replay/table/selectors/uniform.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "replay/table/selectors/random_below.h"

namespace recbots::replay {

absl::StatusOr<std::unique_ptr<Selector>> Uniform::Create(uint32_t num_slots) {
  RECBOTS_ASSIGN_OR_RETURN(auto slots, LazyArray<uint32_t>::Create(num_slots, "slots of a sampler"));
  RECBOTS_ASSIGN_OR_RETURN(auto positions, LazyArray<uint32_t>::Create(num_slots, "positions of a sampler"));
  return std::unique_ptr<Selector>(new Uniform(std::move(slots), std::move(positions)));
}

Uniform::Uniform(LazyArray<uint32_t> slots, LazyArray<uint32_t> positions)
    : slots_(std::move(slots)), positions_(std::move(positions)) {}

void Uniform::Insert(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) {
    positions_[slot] = static_cast<uint32_t>(size_);
    slots_[static_cast<size_t>(size_++)] = slot;
  }
}

void Uniform::Remove(absl::Span<const uint32_t> slots) {
  for (const uint32_t slot : slots) {
    const uint32_t position = positions_[slot];
    const uint32_t last = slots_[static_cast<size_t>(--size_)];
    slots_[position] = last;
    positions_[last] = position;
  }
}

void Uniform::Draw(Rng& rng, absl::Span<uint32_t> slots, absl::Span<float> probabilities) const {
  const auto count = static_cast<uint64_t>(size_);
  for (uint32_t& slot : slots) slot = slots_[RandomBelow(rng, count)];
  std::fill(probabilities.begin(), probabilities.end(), 1.0f / static_cast<float>(count));
}

uint32_t Uniform::Front() const {
  RECBOTS_CHECK(false) << "a uniform selector has no front";
  return 0;
}

void Uniform::Save(char* to) const { std::memcpy(to, slots_.data(), SavedBytes()); }

absl::Status Uniform::Load(absl::string_view saved, absl::Span<const uint32_t> members) {
  if (saved.size() != members.size() * sizeof(uint32_t)) {
    return absl::InvalidArgumentError(absl::StrCat("uniform sampler of ", saved.size(), " bytes, want ",
                                                   members.size() * sizeof(uint32_t), " for ", members.size(),
                                                   " rows"));
  }
  std::vector<bool> expected(slots_.size());
  for (const uint32_t slot : members) expected[slot] = true;
  for (size_t i = 0; i < members.size(); ++i) {
    uint32_t slot = 0;
    std::memcpy(&slot, saved.data() + i * sizeof(slot), sizeof(slot));
    if (slot >= expected.size() || !expected[slot]) {
      return absl::InvalidArgumentError(
          absl::StrCat("uniform sampler: slot ", slot, " at ", i, " holds no row or is there twice"));
    }
    expected[slot] = false;
    Insert({slot});
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay
