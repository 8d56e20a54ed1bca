// Acknowledgements that may wait a moment: one for several blocks costs a fraction of one for each.
#pragma once

#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "replay/service/stream.h"

namespace recbots::replay {

// Calls OnAckTimer of streams within `delay` after they asked, all that asked meanwhile at once. Has a thread that
// sleeps while no stream asks.
// Thread-safe.
class AckTimer {
 public:
  explicit AckTimer(absl::Duration delay);
  ~AckTimer();

  // Once per wish: a stream that asks again before it was called is called again. May be called with the stream's lock.
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
