// A moment on the monotonic clock. Durations and deadlines are computed from such moments.
//
// The wall clock (absl::Now) is for dates only: it jumps when somebody sets it, and it counts the time a machine slept.
// Instants of different machines, or from before a restart of this one, cannot be compared: an Instant is never written
// to a file or sent to a peer.
#pragma once

#include "absl/time/time.h"

namespace recbots {

// Value type. Arithmetic saturates at the infinite past and future.
class Instant {
 public:
  // The beginning of the clock.
  constexpr Instant() = default;
  // Reads CLOCK_MONOTONIC, which stands still while the machine is suspended.
  static Instant Now();
  static constexpr Instant InfiniteFuture() { return Instant(absl::InfiniteDuration()); }
  static constexpr Instant InfinitePast() { return Instant(-absl::InfiniteDuration()); }

  // Time since the beginning of the clock, for system calls that take a point of CLOCK_MONOTONIC.
  constexpr absl::Duration since_beginning() const { return since_beginning_; }

  Instant& operator+=(absl::Duration duration) {
    since_beginning_ += duration;
    return *this;
  }
  friend Instant operator+(Instant instant, absl::Duration duration) { return instant += duration; }
  friend Instant operator-(Instant instant, absl::Duration duration) { return instant += -duration; }
  friend absl::Duration operator-(Instant later, Instant earlier) {
    return later.since_beginning_ - earlier.since_beginning_;
  }
  friend bool operator==(Instant a, Instant b) { return a.since_beginning_ == b.since_beginning_; }
  friend bool operator<(Instant a, Instant b) { return a.since_beginning_ < b.since_beginning_; }
  friend bool operator>(Instant a, Instant b) { return b < a; }
  friend bool operator<=(Instant a, Instant b) { return !(b < a); }
  friend bool operator>=(Instant a, Instant b) { return !(a < b); }

 private:
  constexpr explicit Instant(absl::Duration since_beginning) : since_beginning_(since_beginning) {}

  absl::Duration since_beginning_;
};

}  // namespace recbots
