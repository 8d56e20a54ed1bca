// The place where the streams of one table wait: for the rate limiter, for room, for rows, for a checkpoint. No thread
// sleeps for them: all calls share one thread (or a few), and a reaction that blocks would stop the server. A stream
// that is not admitted is parked here, and tries again when the table has changed in its favour.
//
// One thread at a time resumes streams, in the order in which they came, until one is refused again. Other threads that
// wake a side meanwhile leave the work to this thread. A resumed stream may therefore wake the other side without
// recursion.
//
// Observers wait for what samplers wait for: whatever wakes samplers wakes them, too, and they are resumed after all
// others. Nobody trains with what they wait for, and so the time that they wait is not counted.
//
// Thread-safe. Lock order: the lock of a stream is taken before the lot's; Resume is called without any lock.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <memory>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "replay/table/rate_limiter.h"

namespace recbots::replay {

class Parkable {
 public:
  virtual ~Parkable() = default;
  // Tries again. Returns kNone if the stream went on or has ended, otherwise what it waits for now.
  virtual BlockedOn Resume() = 0;

  // Marks the stream as ended, so that it is never parked again. Call it before ParkingLot::Leave.
  void SetGone() { gone_.store(true); }
  bool gone() const { return gone_.load(); }

 private:
  std::atomic<bool> gone_{false};
};

class ParkingLot {
 public:
  enum Side { kInserter = 0, kSampler = 1, kObserver = 2 };
  static constexpr int kNumSides = 3;
  using BlockedTimes = std::array<absl::Duration, kNumBlockedOn>;

  // The number of wakes of a side. Read it before trying, and pass it to Park.
  int64_t wakes(Side side) const { return wakes_[WokenWith(side)].load(); }

  // Parks the stream; if the side was woken since `seen_wakes`, tries again at once. Call it without locks.
  void Park(Side side, std::shared_ptr<Parkable> stream, BlockedOn reason, int64_t seen_wakes) ABSL_LOCKS_EXCLUDED(mu_);
  // Removes a stream that is gone.
  void Leave(Side side, const Parkable* stream) ABSL_LOCKS_EXCLUDED(mu_);
  // Tells that the table has changed in favour of `side`, which is kInserter or kSampler. Call it without locks. Costs
  // two atomic operations if no stream waits there.
  void Wake(Side side) ABSL_LOCKS_EXCLUDED(mu_);

  // The time during which at least one stream waited, by reason.
  BlockedTimes blocked_times() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    std::shared_ptr<Parkable> stream;
    BlockedOn reason;
  };

  static Side WokenWith(Side side) { return side == kObserver ? kSampler : side; }
  void Count(Side side, BlockedOn reason, int change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Resumes streams as long as there are any to resume, unless another thread does.
  void Pump() ABSL_LOCKS_EXCLUDED(mu_);
  // Takes the next stream to resume. Returns false if there is none; this thread has then given up resuming.
  bool TakeNext(Side& side, Entry& entry, int64_t& seen_wakes) ABSL_LOCKS_EXCLUDED(mu_);
  void PutBack(Side side, Entry entry, BlockedOn reason, int64_t seen_wakes) ABSL_LOCKS_EXCLUDED(mu_);

  std::array<std::atomic<int64_t>, kNumSides> wakes_ = {};
  // The number of streams in parked_, plus the one being resumed. A stream adds itself here before it reads wakes_; a
  // thread that wakes reads num_parked_ after it has added to wakes_. So at least one of the two sees the other.
  std::array<std::atomic<int>, kNumSides> num_parked_ = {};

  mutable Mutex mu_;
  std::array<std::deque<Entry>, kNumSides> parked_ ABSL_GUARDED_BY(mu_);
  std::array<bool, kNumSides> pending_ ABSL_GUARDED_BY(mu_) = {};
  bool pumping_ ABSL_GUARDED_BY(mu_) = false;
  std::array<int, kNumBlockedOn> waiting_ ABSL_GUARDED_BY(mu_) = {};
  std::array<Instant, kNumBlockedOn> since_ ABSL_GUARDED_BY(mu_);
  BlockedTimes blocked_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay
