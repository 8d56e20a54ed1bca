// Collects latencies from many threads, to be taken window by window.
#pragma once

#include <utility>
#include <vector>

#include "common/base/mutex.h"

namespace recbots::replay_bench {

// Thread-safe. Keeps at most kMost latencies between two calls of TakeAll, and drops further ones.
class LatencyLog {
 public:
  void Add(double seconds) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    if (seconds_.size() < kMost) seconds_.push_back(seconds);
  }
  std::vector<double> TakeAll() ABSL_LOCKS_EXCLUDED(mu_) {
    std::vector<double> taken;
    MutexLock lock(&mu_);
    std::swap(taken, seconds_);
    return taken;
  }

 private:
  static constexpr size_t kMost = size_t{1} << 22;

  Mutex mu_;
  std::vector<double> seconds_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay_bench
