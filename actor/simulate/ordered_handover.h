// Hands over numbered pieces of work, which several threads finish in any order, in the order of their numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace recbots {

// The thread that brings the next piece calls `take` for this piece and for the pieces behind it that already wait;
// other threads continue with their work. At most max_waiting pieces wait, so that memory is bounded: a thread that
// brings another piece too early waits itself. Thread-safe.
template <typename T>
class OrderedHandover {
 public:
  // `take` is called by one thread at a time, without a lock, for the pieces 0, 1, ... until it returns false.
  // max_waiting >= 1.
  OrderedHandover(size_t max_waiting, std::function<bool(T&)> take)
      : max_waiting_(max_waiting), take_(std::move(take)) {}

  // Hands over piece `number`; every number must come once. False: `take` has returned false, or should_stop(), called
  // every 50 ms, was true before there was room.
  bool Hand(int64_t number, T piece, const std::function<bool()>& should_stop) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    const auto has_room = [this, number]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      return number == next_ || waiting_.size() < max_waiting_ || closed_;
    };
    while (!mu_.AwaitFor(has_room, absl::Milliseconds(50))) {
      if (should_stop()) return false;
    }
    waiting_.emplace(number, std::move(piece));
    if (!taking_) TakeWhatIsNext();
    return !closed_;
  }

 private:
  void TakeWhatIsNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    taking_ = true;
    while (!closed_ && !waiting_.empty() && waiting_.begin()->first == next_) {
      T piece = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      mu_.Unlock();
      const bool more = take_(piece);
      mu_.Lock();
      closed_ = !more;
      ++next_;
    }
    taking_ = false;
  }

  const size_t max_waiting_;
  const std::function<bool(T&)> take_;

  Mutex mu_;
  std::map<int64_t, T> waiting_ ABSL_GUARDED_BY(mu_);
  int64_t next_ ABSL_GUARDED_BY(mu_) = 0;
  bool taking_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots
