#include "common/base/instant.h"

#include <time.h>

namespace recbots {

Instant Instant::Now() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Instant(absl::DurationFromTimespec(now));
}

}  // namespace recbots
