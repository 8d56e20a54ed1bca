// The lock of this code base: a mutex whose waiters name the condition that they wait for, as with absl::Mutex, but
// whose deadlines are on the monotonic clock. (absl::Mutex sleeps until a wall-clock time: somebody who sets that
// clock back by an hour makes every wait of 5 ms last an hour. Packaged Abseil also reports falsely under the thread
// sanitizer.)
//
// Wait with a deadline. A condition is a callable without side effects, evaluated under the lock, by the thread that
// waits and by threads that unlock.
#pragma once

#include <atomic>
#include <mutex>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots {

// Not recursive. The thread that unlocks wakes one waiter whose condition holds, the oldest first, and that one wakes
// the next: nothing is woken in vain. Not fair to those that only lock.
class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    if (oldest_ == nullptr) return mu_.unlock();
    UnlockAndWake();
  }

  // Waits until condition() or the deadline; true when the condition holds.
  template <typename Condition>
  bool AwaitUntil(const Condition& condition, Instant deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    if (condition()) return true;
    Waiter waiter;
    waiter.holds = [](const void* callable) { return (*static_cast<const Condition*>(callable))(); };
    waiter.callable = &condition;
    return Await(waiter, deadline);
  }
  template <typename Condition>
  bool AwaitFor(const Condition& condition, absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    return condition() || AwaitUntil(condition, Instant::Now() + timeout);
  }

 private:
  // Lies on the stack of the thread that waits.
  struct Waiter {
    bool (*holds)(const void* callable) = nullptr;
    const void* callable = nullptr;
    std::atomic<int> woken{0};  // What the thread sleeps on. Changed under the lock.
    Waiter* older = nullptr;
    Waiter* newer = nullptr;
  };

  void UnlockAndWake();
  bool Await(Waiter& waiter, Instant deadline);
  void Append(Waiter& waiter);
  void Remove(Waiter& waiter);

  std::mutex mu_;
  // Guarded by mu_.
  Waiter* oldest_ = nullptr;
  Waiter* newest_ = nullptr;
};

// Holds a Mutex for a scope.
class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex* mu) ABSL_EXCLUSIVE_LOCK_FUNCTION(mu) : mu_(mu) { mu_->Lock(); }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mu_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mu_;
};

// For the first line of a program. Debian's Abseil, which gRPC locks with, checks the order of locks whenever a thread
// takes a second one, under one lock for the whole process: about 6 % of what replay spends on a row.
void SkipLockOrderChecks();

}  // namespace recbots
