// Where the streams of one table wait: for the rate limiter, for room, for rows, for a checkpoint. No thread sleeps:
// all calls have one (or a few), and a reaction that blocked would stop the server. A stream that is not admitted is
// parked here and tried again when somebody moved the table in its favour.
//
// One thread at a time resumes streams, in the order in which they came, until one is still refused; others that wake a
// side meanwhile leave that work to it. So a resumed stream may wake the other side without recursion.
//
// Thread-safe. Lock order: streams' locks before this one; Resume is called without any lock.
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
  // Tries again: kNone when it went on (or has ended), otherwise what it waits for now.
  virtual BlockedOn Resume() = 0;

  // Ended: never parked again. Set before ParkingLot::Leave.
  void SetGone() { gone_.store(true); }
  bool gone() const { return gone_.load(); }

 private:
  std::atomic<bool> gone_{false};
};

class ParkingLot {
 public:
  enum Side { kInserter = 0, kSampler = 1 };
  using BlockedTimes = std::array<absl::Duration, kNumBlockedOn>;

  // Read it before trying, hand it to Park.
  int64_t wakes(Side side) const { return wakes_[side].load(); }

  // Parks; tries again at once when somebody woke the side since `seen_wakes`. Call without locks.
  void Park(Side side, std::shared_ptr<Parkable> stream, BlockedOn reason, int64_t seen_wakes) ABSL_LOCKS_EXCLUDED(mu_);
  // Takes a stream that is gone out of the lot.
  void Leave(Side side, const Parkable* stream) ABSL_LOCKS_EXCLUDED(mu_);
  // The table moved in favour of that side. Call without locks. Costs two atomic operations while no stream waits
  // there.
  void Wake(Side side) ABSL_LOCKS_EXCLUDED(mu_);

  // Time in which at least one stream waited, by reason.
  BlockedTimes blocked_times() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    std::shared_ptr<Parkable> stream;
    BlockedOn reason;
  };

  void Count(BlockedOn reason, int change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Resumes while there is somebody to resume, unless another thread does.
  void Pump() ABSL_LOCKS_EXCLUDED(mu_);
  // Takes the next stream to resume; false: none, and this thread is no longer the one that resumes.
  bool TakeNext(Side& side, Entry& entry, int64_t& seen_wakes) ABSL_LOCKS_EXCLUDED(mu_);
  void PutBack(Side side, Entry entry, BlockedOn reason, int64_t seen_wakes) ABSL_LOCKS_EXCLUDED(mu_);

  std::array<std::atomic<int64_t>, 2> wakes_ = {};
  // Streams in parked_ and the one being resumed. A stream adds itself before it looks at wakes_, who wakes looks at it
  // after adding to wakes_: one of the two sees the other.
  std::array<std::atomic<int>, 2> num_parked_ = {};

  mutable Mutex mu_;
  std::array<std::deque<Entry>, 2> parked_ ABSL_GUARDED_BY(mu_);
  std::array<bool, 2> pending_ ABSL_GUARDED_BY(mu_) = {false, false};
  bool pumping_ ABSL_GUARDED_BY(mu_) = false;
  std::array<int, kNumBlockedOn> waiting_ ABSL_GUARDED_BY(mu_) = {};
  std::array<Instant, kNumBlockedOn> since_ ABSL_GUARDED_BY(mu_);
  BlockedTimes blocked_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay
