// Holds work to a rate.
#pragma once

#include <algorithm>

#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots {

// Not thread-safe. Work may run ahead of the pace by `burst` at most; time that is lost while waiting for something
// else is not caught up beyond that.
class Pacer {
 public:
  // per_second 0: no bound.
  explicit Pacer(double per_second, absl::Duration burst = absl::ZeroDuration())
      : per_second_(per_second), burst_(burst) {}

  // Begins at `now`, with nothing done and no burst saved up.
  void Start(Instant now) { due_ = now; }
  // Notes that `amount` was done; the time before which no more should be.
  Instant Did(double amount, Instant now) {
    if (per_second_ <= 0) return now;
    due_ = std::max(due_, now - burst_) + absl::Seconds(amount / per_second_);
    return std::max(due_, now);
  }

 private:
  const double per_second_;
  const absl::Duration burst_;
  Instant due_ = Instant::InfinitePast();
};

}  // namespace recbots
