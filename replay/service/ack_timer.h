// Delays acknowledgements by a moment: one acknowledgement for several blocks costs a fraction of one for each block.
#pragma once

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "replay/service/stream.h"

namespace recbots::replay {

// Calls OnAckTimer of each stream within `delay` after its Add, together for all streams added in this time. Its thread
// sleeps while there is no stream. Thread-safe.
class AckTimer {
 public:
  explicit AckTimer(absl::Duration delay);
  ~AckTimer();

  // Each Add causes one call: a stream that is added twice before it was called is called twice. The caller may hold
  // the lock of the stream.
  void Add(std::shared_ptr<ServiceStream> stream) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  const absl::Duration delay_;
  Mutex mu_;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::shared_ptr<ServiceStream>> due_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Thread> thread_;  // Last: it uses the others.
};

}  // namespace recbots::replay
