// The lock of this code base: absl::Mutex with a narrower interface, and std::mutex under the thread sanitizer, because
// packaged Abseil is not instrumented and would be reported falsely (style: build).
//
// Wait with a deadline; a condition is a callable without side effects, evaluated under the lock.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#ifdef RECBOTS_STD_MUTEX
#include <chrono>
#include <condition_variable>
#include <mutex>
#else
#include "absl/synchronization/mutex.h"
#endif

namespace recbots {

class ABSL_LOCKABLE Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

#ifdef RECBOTS_STD_MUTEX
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() {
    changed_.notify_all();
    mu_.unlock();
  }
  // Waits until condition() or the deadline; true when the condition holds.
  template <typename Condition>
  bool AwaitUntil(const Condition& condition, absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    std::unique_lock<std::mutex> lock(mu_, std::adopt_lock);
    changed_.notify_all();  // As with Unlock: whatever was written before the wait may be what others wait for.
    const bool held = deadline == absl::InfiniteFuture()
                          ? (changed_.wait(lock, condition), true)
                          : changed_.wait_until(lock, absl::ToChronoTime(deadline), condition);
    lock.release();
    return held;
  }

 private:
  std::mutex mu_;
  std::condition_variable changed_;
#else
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { mu_.Lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { mu_.Unlock(); }
  // Waits until condition() or the deadline; true when the condition holds.
  template <typename Condition>
  bool AwaitUntil(const Condition& condition, absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    return mu_.AwaitWithDeadline(absl::Condition(&condition), deadline);
  }

 private:
  absl::Mutex mu_;
#endif

 public:
  template <typename Condition>
  bool AwaitFor(const Condition& condition, absl::Duration timeout) ABSL_EXCLUSIVE_LOCKS_REQUIRED(this) {
    return AwaitUntil(condition, absl::Now() + timeout);
  }
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

// For the first line of a program. Debian's Abseil checks the order of locks whenever a thread takes a second one, in
// gRPC too, under one lock for the whole process: about 6 % of what replay spends on a row. Unit tests keep the checks.
void SkipLockOrderChecks();

}  // namespace recbots
