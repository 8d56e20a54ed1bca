// Deadlines of gRPC calls.
#pragma once

#include <grpc/support/time.h>

#include "common/base/instant.h"

namespace recbots {

// For set_deadline, WaitForConnected and Shutdown; gRPC reads the same monotonic clock. (Between two readings gRPC's
// timers sleep by the wall clock: when the wall clock is set back, a call that nothing else wakes may end late.)
inline gpr_timespec ToGrpcDeadline(Instant deadline) {
  if (deadline == Instant::InfiniteFuture()) return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  if (deadline == Instant::InfinitePast()) return gpr_inf_past(GPR_CLOCK_MONOTONIC);
  const timespec time = absl::ToTimespec(deadline.since_beginning());
  return {time.tv_sec, static_cast<int32_t>(time.tv_nsec), GPR_CLOCK_MONOTONIC};
}

}  // namespace recbots
