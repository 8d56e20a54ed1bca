// A bounded, closable queue between threads.
#pragma once

#include <deque>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"

namespace recbots {

// Thread-safe. Elements come out in the order they went in.
template <typename T>
class BoundedQueue {
 public:
  // capacity >= 1.
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

  // Waits for room.
  //   DEADLINE_EXCEEDED  full until `deadline`; the element was not added
  //   CANCELLED          Close() was called; the element was not added
  absl::Status Push(T element, Instant deadline) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    const auto can_go_on = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return closed_ || queue_.size() < capacity_; };
    if (!mu_.AwaitUntil(can_go_on, deadline)) return absl::DeadlineExceededError("queue full");
    if (closed_) return absl::CancelledError("queue closed");
    queue_.push_back(std::move(element));
    return absl::OkStatus();
  }

  // Waits for an element. What was queued before Close() still comes out.
  //   DEADLINE_EXCEEDED  empty until `deadline`
  //   CANCELLED          closed and empty
  absl::StatusOr<T> Pop(Instant deadline) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    const auto can_go_on = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return closed_ || !queue_.empty(); };
    if (!mu_.AwaitUntil(can_go_on, deadline)) return absl::DeadlineExceededError("queue empty");
    if (queue_.empty()) return absl::CancelledError("queue closed");
    T element = std::move(queue_.front());
    queue_.pop_front();
    return element;
  }

  // Wakes all waiters. Idempotent.
  void Close() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    closed_ = true;
  }

  size_t size() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return queue_.size();
  }

 private:
  const size_t capacity_;

  mutable Mutex mu_;
  std::deque<T> queue_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots
