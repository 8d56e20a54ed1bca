// Deadlines of gRPC calls.
#pragma once

#include <grpc/support/time.h>

#include "common/base/instant.h"

namespace recbots {

// For set_deadline, WaitForConnected, Shutdown: gRPC reads the same monotonic clock. (Its timers sleep by the wall
// clock between two looks at it; a call that nothing else wakes may therefore end late when that clock is set back.)
inline gpr_timespec ToGrpcDeadline(Instant deadline) {
  if (deadline == Instant::InfiniteFuture()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  if (deadline == Instant::InfinitePast()) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  const timespec time = absl::ToTimespec(deadline.since_beginning());
  return {time.tv_sec, static_cast<int32_t>(time.tv_nsec), GPR_CLOCK_MONOTONIC};
}

}  // namespace recbots
