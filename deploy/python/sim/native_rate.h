// How fast the simulator is without Python: what the package is measured against.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "actor/recsim/scenario.h"

namespace recbots {

struct NativeRate {
  int64_t steps = 0;  // Of all users.
  double cpu_seconds = 0;
};

// Steps `num_users` users for that long, with random slates prepared before: the loop of `recbots bench env`
// (deploy/cli/bench/environment_bench.cc).
//   INVALID_ARGUMENT  num_users below 1, or not whole sessions
absl::StatusOr<NativeRate> MeasureNativeRate(const Scenario& scenario, int num_users, absl::Duration window);

}  // namespace recbots
