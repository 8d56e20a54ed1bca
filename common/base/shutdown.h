// SIGTERM, SIGINT and SIGHUP (a terminal that is closed) as a condition to wait for.
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

// One at a time per process: it owns their handlers while it lives (SIGHUP stays ignored where it was, as
// nohup does it). The first signal requests an orderly end. The second changes nothing: a terminal and the program that
// started this one often send one each, and that must not cost what the first one saves. The third ends the process at
// once (exit 130). A handler, not a blocked signal: libraries start threads before main, and a signal that one of those
// does not block would end the process. Thread-safe.
class Shutdown {
 public:
  Shutdown();
  ~Shutdown();

  bool requested() const { return requested_.load(std::memory_order_relaxed); }
  // As if a signal had come. Idempotent.
  void Request();
  // The same, because of an error: the program is to end with it.
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  // The first error, or OK.
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until the end is requested; false at the timeout.
  bool AwaitFor(absl::Duration timeout);

 private:
  void Listen();

  // Posted by the handler and the destructor, waited for by the listener. Takes no file descriptor: a process that has
  // none left must still be able to end.
  sem_t wake_;
  mutable Mutex mu_;
  std::atomic<bool> requested_{false};
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> stop_listening_{false};
  std::unique_ptr<Thread> listener_;
};

}  // namespace recbots
