// The question that long work asks again and again: should it stop?
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace recbots {

// Work that may take longer than a second asks this question several times a second; the answer true ends the work.
// After the first true every answer is true (as with Shutdown::requested), so that the caller of the work may ask
// again. An empty function never stops the work.
using StopQuestion = std::function<bool()>;

inline bool ShouldStop(const StopQuestion& stop) { return stop && stop(); }

// CANCELLED once `stop` returns true. For work that returns a status and has no result when it is cut short.
inline absl::Status CheckStop(const StopQuestion& stop) {
  return ShouldStop(stop) ? absl::CancelledError("stopped") : absl::OkStatus();
}

}  // namespace recbots
