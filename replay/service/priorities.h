// Takes new priorities from readers, who send them on their stream or in a separate call.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "replay/service/stream_hub.h"

namespace recbots::replay {

// Gives the priorities to the table and wakes samplers that wait for a row. `caller` begins messages. Call it without
// locks.
//   INVALID_ARGUMENT  the numbers of keys and priorities differ, or there are more than kMaxPriorityUpdates
absl::StatusOr<PriorityResult> UpdatePriorities(absl::string_view caller, TableHub& table,
                                                absl::Span<const ItemKey> keys, absl::Span<const float> priorities);

// Describes the first priority that is refused, with key, value and bound; empty if none is.
std::string FirstRefusal(absl::Span<const ItemKey> keys, absl::Span<const float> priorities);

}  // namespace recbots::replay
