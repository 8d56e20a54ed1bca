// What the threads of a process wait for now: the one place from which pages, leases and failure messages read who
// waits, for what, at which peer, for how long and until when.
//
//   if (!have_room) {
//     const ScopedWait wait(board, {.thing = "room in table transitions", .peer = address, .deadline = deadline});
//     ...
//   }
//
// A wait is put up when it begins to block. One that need not block is never put up, and costs nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"

namespace recbots {

enum class WaitKind {
  kWork,        // The work of the role stands still meanwhile.
  kIdle,        // So it does, as it should: a pace, or there is nothing to do. No stall (common/role/stall_watch.h).
  kBackground,  // Another thread waits, and the work goes on.
};

// What a thread waits for. The texts must live as long as the wait.
struct WaitFor {
  absl::string_view thing;      // "room in table transitions"
  absl::string_view peer = {};  // An address, or a role and its address; empty: no peer is concerned.
  Instant deadline = Instant::InfiniteFuture();
  WaitKind kind = WaitKind::kWork;
};

// A wait as others see it.
struct WaitInfo {
  std::string thing;
  std::string peer;
  WaitKind kind = WaitKind::kWork;
  absl::Duration waited;
  absl::Duration left;  // Until its deadline; infinite without one.
};

// "room in table transitions at 127.0.0.1:8000", and with the time "..., for 42 s" (below 10 s with a decimal).
std::string DescribeWait(absl::string_view thing, absl::string_view peer);
std::string DescribeWait(const WaitInfo& wait);
// "42 s", "3.2 s", "5m10s": for messages.
std::string WaitedText(absl::Duration duration);

class ScopedWait;

// Thread-safe. Must outlive its waits.
class WaitBoard {
 public:
  explicit WaitBoard(Clock& clock = Clock::Real()) : clock_(clock) {}
  ~WaitBoard();

  // All waits of this moment, the longest first.
  std::vector<WaitInfo> waits() const ABSL_LOCKS_EXCLUDED(mu_);
  // The time spent in idle waits so far, those of this moment included.
  absl::Duration idle_time() const ABSL_LOCKS_EXCLUDED(mu_);
  // The same without those of this moment; takes no lock.
  absl::Duration past_idle_time() const { return absl::Nanoseconds(idle_nanos_.load(std::memory_order_acquire)); }

 private:
  friend class ScopedWait;

  Clock& clock_;
  mutable Mutex mu_;
  ScopedWait* first_ ABSL_GUARDED_BY(mu_) = nullptr;  // A list in no order; each wait lies in its own thread's stack.
  std::atomic<int64_t> idle_nanos_{0};                // Of idle waits that have ended. Changed under the mutex.
};

// Puts up a wait for its scope. Costs two short locks and no allocation.
class ScopedWait {
 public:
  // `board` may be nullptr: the wait is measured and not shown. `since`: when it began, if that was before now.
  ScopedWait(WaitBoard* board, const WaitFor& wait, Instant since = Instant::InfiniteFuture());
  ~ScopedWait();
  ScopedWait(const ScopedWait&) = delete;
  ScopedWait& operator=(const ScopedWait&) = delete;

  absl::Duration waited() const;
  bool expired() const;
  // DEADLINE_EXCEEDED: "waited 42 s for room in table transitions at 127.0.0.1:8000", and "; last error: ..." where
  // there is one.
  absl::Status TimedOut(const absl::Status& last_error = absl::OkStatus()) const;

 private:
  friend class WaitBoard;

  WaitInfo Info(Instant now) const;
  Instant Now() const;

  WaitBoard* const board_;
  const WaitFor wait_;
  const Instant since_;
  // Guarded by the board's mutex.
  ScopedWait* before_ = nullptr;
  ScopedWait* after_ = nullptr;
};

}  // namespace recbots
