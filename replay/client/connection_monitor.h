// How long no shard of replay has been connected, and when that is too long.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"

namespace recbots::replay {

// Counts the connections to all shards. Thread-safe.
class ConnectionMonitor {
 public:
  explicit ConnectionMonitor(absl::Duration give_up_after, Clock* clock = &Clock::Real())
      : give_up_after_(give_up_after), clock_(*clock), last_(NowNanos()) {}

  void Connected() { ++connected_; }
  void Disconnected() {
    last_.store(NowNanos(), std::memory_order_relaxed);
    --connected_;
  }
  bool any() const { return connected_.load(std::memory_order_relaxed) > 0; }

  // To be called after a failure. DEADLINE_EXCEEDED: no shard has been connected for give_up_after; the message names
  // the address and the error. OK: keep trying.
  absl::Status CheckAway(const std::string& address, const absl::Status& error) const {
    const absl::Duration away =
        any() ? absl::ZeroDuration() : absl::Nanoseconds(NowNanos() - last_.load(std::memory_order_relaxed));
    if (away < give_up_after_) return absl::OkStatus();
    return absl::DeadlineExceededError(absl::StrCat("replay at ", address, " was away for ", absl::FormatDuration(away),
                                                    ", want at most ", absl::FormatDuration(give_up_after_),
                                                    "; last error: ", error.ok() ? "none" : error.message()));
  }

 private:
  int64_t NowNanos() const { return absl::ToInt64Nanoseconds(clock_.Now().since_beginning()); }

  const absl::Duration give_up_after_;
  Clock& clock_;
  std::atomic<int> connected_{0};
  std::atomic<int64_t> last_;
};

}  // namespace recbots::replay
