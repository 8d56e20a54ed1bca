// Tells the log and the metrics when the work of a role stalls, and when it gets on again.
#pragma once

#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/metrics/metrics.h"
#include "common/role/stall_watch.h"

namespace recbots {

// Looks twice a second, in a thread of its own.
class StallReporter {
 public:
  // `watch` and `metrics` must outlive the reporter.
  StallReporter(const StallWatch& watch, Metrics& metrics);
  ~StallReporter();

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void Look();

  const StallWatch& watch_;
  prometheus::Gauge& stalled_seconds_;
  bool stalled_ = false;  // Used by the thread only.

  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  Thread thread_;  // Last: it uses all of the above.
};

}  // namespace recbots
