// Time that tests can move.
#pragma once

#include "common/base/instant.h"
#include "common/base/mutex.h"

namespace recbots {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // For durations and deadlines.
  virtual Instant Now() = 0;
  // The wall clock: for dates that people read, never for differences.
  virtual absl::Time Date() = 0;

  // The machine's clocks; lives for ever.
  static Clock& Real();
};

// A clock that moves only when Advance is called.
class FakeClock : public Clock {
 public:
  // `date` is what Date() returns before the first Advance.
  explicit FakeClock(absl::Time date = absl::UnixEpoch()) : first_date_(date) {}
  Instant Now() override ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return now_;
  }
  absl::Time Date() override { return first_date_ + (Now() - Instant()); }
  void Advance(absl::Duration duration) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    now_ += duration;
  }

 private:
  const absl::Time first_date_;
  Mutex mu_;
  Instant now_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
