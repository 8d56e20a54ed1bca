// SIGTERM and SIGINT as a condition to wait for.
#pragma once

#include <atomic>
#include <memory>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"

namespace recbots {

// Blocks both signals for all threads and takes them on one of its own. Make one, first thing in main, before any other
// thread starts. The first signal requests an orderly end; the second ends the process at once (exit 130).
// Thread-safe.
class Shutdown {
 public:
  Shutdown();
  ~Shutdown();

  bool requested() const { return requested_.load(std::memory_order_relaxed); }
  // As if a signal had come. Idempotent.
  void Request();
  // Waits until the end is requested; false at the timeout.
  bool AwaitFor(absl::Duration timeout);

 private:
  void Listen();

  Mutex mu_;
  std::atomic<bool> requested_{false};
  std::atomic<bool> stop_listening_{false};
  std::unique_ptr<Thread> listener_;
};

}  // namespace recbots
