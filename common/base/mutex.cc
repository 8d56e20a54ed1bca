#include "common/base/mutex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/synchronization/mutex.h"

namespace recbots {
namespace {

static_assert(sizeof(std::atomic<int>) == sizeof(int) && std::atomic<int>::is_always_lock_free);

// Sleeps while `word` is 0. Returns false when the deadline has come. May return true for no reason.
bool FutexWait(std::atomic<int>& word, Instant deadline) {
  timespec until{};
  const bool bounded = deadline != Instant::InfiniteFuture();
  if (bounded) until = absl::ToTimespec(std::max(absl::ZeroDuration(), deadline.since_beginning()));
  // FUTEX_WAIT_BITSET takes a point of CLOCK_MONOTONIC; FUTEX_WAIT would take a duration.
  return syscall(SYS_futex, &word, FUTEX_WAIT_BITSET_PRIVATE, 0, bounded ? &until : nullptr, nullptr,
                 FUTEX_BITSET_MATCH_ANY) == 0 ||
         errno != ETIMEDOUT;
}

// The word may no longer exist: then the kernel finds no memory or no sleeper there, or wakes another sleeper for no
// reason, which every user of futexes has to tolerate.
void FutexWake(std::atomic<int>* word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1); }

}  // namespace

void Mutex::UnlockAndWake() {
  std::atomic<int>* word = nullptr;
  for (Waiter* waiter = oldest_; waiter != nullptr && word == nullptr; waiter = waiter->newer) {
    // A waiter that was woken already will check its condition again, and the conditions of the others when it unlocks.
    if (waiter->woken.load(std::memory_order_relaxed) != 0 || !waiter->holds(waiter->callable)) continue;
    waiter->woken.store(1, std::memory_order_relaxed);
    word = &waiter->woken;
  }
  mu_.unlock();
  // Wakes the other thread after unlocking, so that it finds the lock free.
  if (word != nullptr) FutexWake(word);
}

bool Mutex::Await(Waiter& waiter, Instant deadline) {
  Append(waiter);
  bool holds = false;
  for (bool in_time = true; in_time && !holds;) {
    waiter.woken.store(0, std::memory_order_relaxed);
    UnlockAndWake();  // Other waiters may wait for what this thread has changed.
    in_time = FutexWait(waiter.woken, deadline);
    mu_.lock();
    holds = waiter.holds(waiter.callable);
  }
  Remove(waiter);
  return holds;
}

void Mutex::Append(Waiter& waiter) {
  waiter.older = newest_;
  (newest_ == nullptr ? oldest_ : newest_->newer) = &waiter;
  newest_ = &waiter;
}

void Mutex::Remove(Waiter& waiter) {
  (waiter.older == nullptr ? oldest_ : waiter.older->newer) = waiter.newer;
  (waiter.newer == nullptr ? newest_ : waiter.newer->older) = waiter.older;
}

void SkipLockOrderChecks() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace recbots
