// Holds a loop to a number of steps per second.
#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"

namespace recbots {

// Not thread-safe. Steps may run ahead of the pace by `burst` at most; time lost while waiting for something else is
// not caught up beyond that.
class Pacer {
 public:
  // steps_per_second 0: no limit.
  Pacer(double steps_per_second, absl::Duration burst = absl::Milliseconds(20), Clock& clock = Clock::Real())
      : per_step_(steps_per_second > 0 ? absl::Seconds(1.0 / steps_per_second) : absl::ZeroDuration()),
        burst_(burst),
        clock_(clock),
        next_(clock.Now()) {}

  // Notes `steps` done; returns how long to wait before the next one (zero or more).
  absl::Duration Did(double steps) {
    if (per_step_ == absl::ZeroDuration()) return absl::ZeroDuration();
    const Instant now = clock_.Now();
    next_ = std::max(next_, now - burst_) + per_step_ * steps;
    return std::max(next_ - now, absl::ZeroDuration());
  }

 private:
  const absl::Duration per_step_;
  const absl::Duration burst_;
  Clock& clock_;
  Instant next_;
};

}  // namespace recbots
