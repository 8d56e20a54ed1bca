#include "replay/service/priorities.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "replay/wire/sample_codec.h"

namespace recbots::replay {

absl::StatusOr<PriorityResult> UpdatePriorities(absl::string_view caller, TableHub& table,
                                                absl::Span<const ItemKey> keys, absl::Span<const float> priorities) {
  if (keys.size() != priorities.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat(caller, ": ", keys.size(), " keys and ", priorities.size(), " priorities, want as many"));
  }
  if (keys.size() > kMaxPriorityUpdates) {
    return absl::InvalidArgumentError(
        absl::StrCat(caller, ": ", keys.size(), " keys in one message, want at most ", kMaxPriorityUpdates));
  }
  if (keys.empty()) return PriorityResult{};
  if (table.place.table() == nullptr) return PriorityResult{.stale = static_cast<int64_t>(keys.size())};
  const PriorityResult result = table.table().UpdatePriorities(keys, priorities);
  if (result.updated > 0) table.lot.Wake(ParkingLot::kSampler);
  return result;
}

std::string FirstRefusal(absl::Span<const ItemKey> keys, absl::Span<const float> priorities) {
  for (size_t i = 0; i < priorities.size(); ++i) {
    if (priorities[i] >= 0 && priorities[i] <= std::numeric_limits<float>::max()) continue;
    return absl::StrCat("key ", keys[i], ": priority ", priorities[i], ", want finite and at least 0");
  }
  return "";
}

}  // namespace recbots::replay
