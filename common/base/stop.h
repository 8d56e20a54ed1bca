// Whether long work should stop: the question that it asks again and again.
#pragma once

#include <functional>

#include "absl/status/status.h"

namespace recbots {

// Asked by whatever may take longer than a second, several times a second: true ends the work. Once it has said yes it
// goes on saying so (as Shutdown::requested does), so that the caller of the work may ask again. Empty: never
// stop.
using StopQuestion = std::function<bool()>;

inline bool ShouldStop(const StopQuestion& stop) { return stop && stop(); }

// CANCELLED once `stop` says so: for work that returns a status and has nothing to show when it is cut short.
inline absl::Status CheckStop(const StopQuestion& stop) {
  return ShouldStop(stop) ? absl::CancelledError("stopped") : absl::OkStatus();
}

}  // namespace recbots
