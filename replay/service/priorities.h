// New priorities as they come from readers, on their stream or in a call of their own.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

// Hands them to the table and wakes who waits for a row to draw. `caller` begins messages. Call without locks.
//   INVALID_ARGUMENT  not as many keys as priorities, or over kMaxPriorityUpdates
absl::StatusOr<PriorityResult> UpdatePriorities(absl::string_view caller, TableHub& table,
                                                absl::Span<const ItemKey> keys, absl::Span<const float> priorities);

// The first priority that is refused: key, value and bound; empty: none is.
std::string FirstRefusal(absl::Span<const ItemKey> keys, absl::Span<const float> priorities);

}  // namespace recbots::replay
