// How long all of replay was out of reach.
#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots::replay {

// Counts the connections to all shards. Thread-safe.
class Contact {
 public:
  void Connected() { ++connected_; }
  void Disconnected() {
    last_.store(NowNanos(), std::memory_order_relaxed);
    --connected_;
  }
  bool any() const { return connected_.load(std::memory_order_relaxed) > 0; }
  absl::Duration away_for() const {
    if (any()) return absl::ZeroDuration();
    return absl::Nanoseconds(NowNanos() - last_.load(std::memory_order_relaxed));
  }

 private:
  static int64_t NowNanos() { return absl::ToInt64Nanoseconds(Instant::Now().since_beginning()); }

  std::atomic<int> connected_{0};
  std::atomic<int64_t> last_{NowNanos()};
};

}  // namespace recbots::replay
