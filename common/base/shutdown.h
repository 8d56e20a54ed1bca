// Turns SIGTERM, SIGINT and SIGHUP (the terminal was closed) into a condition to wait for.
#pragma once

#include <semaphore.h>

#include <atomic>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"

namespace recbots {

// A process has at most one Shutdown at a time: it owns the handlers of the three signals while it lives (if SIGHUP was
// ignored, as under nohup, it stays ignored). The first signal requests an orderly end. The second changes nothing: the
// terminal and the program that started this one often send one signal each, and the second must not cut short the work
// of the first. The third ends the process at once (exit 130). Signals are handled and not blocked, because libraries
// start threads before main, and a signal that such a thread does not block would end the process. Thread-safe.
class Shutdown {
 public:
  Shutdown();
  ~Shutdown();

  bool requested() const { return requested_.load(std::memory_order_relaxed); }
  // Requests the end as the first signal does. Idempotent.
  void Request();
  // Requests the end because of an error: the program shall end with `status`.
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  // The status of the first Fail, or OK.
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until the end is requested; false at the timeout.
  bool AwaitFor(absl::Duration timeout);

 private:
  void Listen();

  // The handler and the destructor post it, the listener waits for it. A semaphore needs no file descriptor: a process
  // that has none left must still be able to end.
  sem_t wake_;
  mutable Mutex mu_;
  std::atomic<bool> requested_{false};
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> stop_listening_{false};
  std::unique_ptr<Thread> listener_;
};

}  // namespace recbots
