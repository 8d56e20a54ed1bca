// Records which random streams were given away, so that no two users of a run have the same stream, whatever is
// restarted.
//
// A user's random numbers follow from (seed, stream), so an actor that plays a stream again plays the same users with
// the same candidates and the same noise. Therefore every stream is given away only once. The number of streams given
// away outlives the learner in two places: in a file of its run directory, which is written before streams of a new
// block are given away, and in the tables of replay, whose rows may outlive the directory. A learner begins above the
// higher of the two numbers. If both are missing, no row of an earlier run is left, and the learner begins with stream
// 0.
//
// Both places record a whole block of streams ahead, so that few joining actors cause a write; after a restart the rest
// of the block stays unused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"

namespace recbots {

// The number of streams for users of actors; higher streams are for the evaluator (actor/loop/streams.h).
inline constexpr int64_t kNumActorStreams = int64_t{1} << 31;

struct StreamLedgerOptions {
  std::string path = {};  // Path of the file; empty: no file is kept.
  int64_t multiple = 1;   // The first stream given away is a multiple of it: users per session.
  int64_t block = 4096;   // Streams reserved ahead. A larger block means fewer writes, but more unused streams.
};

// Thread-safe.
class StreamLedger {
 public:
  // Reads the file, if there is one. Gives no streams away before Open.
  //   INVALID_ARGUMENT  the file contains no number; the message names it
  //   others            the file cannot be read (common/base/file.h)
  static absl::StatusOr<std::unique_ptr<StreamLedger>> Create(const StreamLedgerOptions& options);

  // Tells that streams below `used_below` are given away already, as replay reports. The first call opens the ledger;
  // every call may raise its bound. Returns the bound to remember from now on (reserved_below).
  int64_t Open(int64_t used_below) ABSL_LOCKS_EXCLUDED(mu_, on_open_mu_);
  // Raises the bound like Open, but does not open the ledger; for streams that a worker already has.
  void Raise(int64_t used_below) ABSL_LOCKS_EXCLUDED(mu_);

  // Gives away `count` streams, 1..kNumActorStreams, and returns the first of them; nullopt if the ledger is not open
  // yet. When all kNumActorStreams were given away, streams are reused from 0 on, with a warning.
  std::optional<int64_t> Take(int64_t count) ABSL_LOCKS_EXCLUDED(mu_);

  // Whether streams were given away before this process began, as far as is known: by the file, by what replay has
  // told, or by a worker that has some.
  bool had_earlier() const ABSL_LOCKS_EXCLUDED(mu_);

  // Every stream given away is below this bound, which only grows.
  int64_t reserved_below() const ABSL_LOCKS_EXCLUDED(mu_);

  // Sets the function that is called once the ledger is open, without the locks that other methods take; nullptr: none.
  // When SetOnOpen returns, the previous function does not run any more.
  void SetOnOpen(std::function<void()> on_open) ABSL_LOCKS_EXCLUDED(on_open_mu_);
  // Sets the function that is called with each new reserved_below, except the one that Open returns, before streams
  // below this bound are given away. It is called with the ledger's lock held and must not call the ledger.
  void SetOnReserve(std::function<void(int64_t below)> on_reserve) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  StreamLedger(const StreamLedgerOptions& options, int64_t next)
      : options_(options), had_earlier_(next > 0), next_(next), reserved_(next) {}

  void RaiseLocked(int64_t used_below) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes sure that the bound `below` is remembered before streams below it are given away.
  void ReserveLocked(int64_t below) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const StreamLedgerOptions options_;

  Mutex on_open_mu_;  // Held while on_open_ runs.
  std::function<void()> on_open_ ABSL_GUARDED_BY(on_open_mu_);

  mutable Mutex mu_;
  std::function<void(int64_t)> on_reserve_ ABSL_GUARDED_BY(mu_);
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  bool cannot_write_ ABSL_GUARDED_BY(mu_) = false;  // The warning was given.
  bool had_earlier_ ABSL_GUARDED_BY(mu_);
  // Both continue beyond kNumActorStreams; a stream is the remainder.
  int64_t next_ ABSL_GUARDED_BY(mu_);
  int64_t reserved_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
