// Which random streams were given away: no two users of a run have the same, whatever is restarted.
//
// A user's random numbers follow from (seed, stream), so an actor that plays a stream again plays the same users with
// the same candidates and the same noise. Streams are therefore given away once. The number of those given away
// outlives the learner in two places: in a file of its run directory, written before streams of a new block are given
// away, and in the tables of replay, whose rows may outlive the directory. A learner begins above the highest of both.
// Without either no row of an earlier run is left, and it begins with stream 0.
//
// Both places are told a block ahead, so that few joins write a file; a restart leaves the rest of the block unused.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"

namespace recbots {

// Streams that actors' users have; those above are the evaluator's (actor/loop/streams.h).
inline constexpr int64_t kNumActorStreams = int64_t{1} << 31;

struct StreamLedgerOptions {
  std::string path = {};  // Of the file; empty: none is kept.
  int64_t multiple = 1;   // Streams are given away from such a multiple on: the users that make a session.
  int64_t block = 4096;   // Streams reserved ahead. More: fewer writes, more streams unused after a restart.
};

// Thread-safe.
class StreamLedger {
 public:
  // Reads the file, if there is one. Gives nothing before Open.
  //   INVALID_ARGUMENT  it holds no number; names it
  //   others            it cannot be read (common/base/file.h)
  static absl::StatusOr<std::unique_ptr<StreamLedger>> Create(const StreamLedgerOptions& options);

  // Streams below `used_below` are given away already, as replay knows. The first call opens the ledger; every call may
  // raise it. Returns the bound to remember from now on (reserved_below).
  int64_t Open(int64_t used_below) ABSL_LOCKS_EXCLUDED(mu_, on_open_mu_);
  // As Open, but does not open it: what a worker has.
  void Raise(int64_t used_below) ABSL_LOCKS_EXCLUDED(mu_);

  // The first of `count` streams, 1..kNumActorStreams, that no other call gets; nullopt: it is not open yet. Where
  // all kNumActorStreams were given away, they begin again, with a warning.
  std::optional<int64_t> Take(int64_t count) ABSL_LOCKS_EXCLUDED(mu_);

  // Every stream given away is below; only grows.
  int64_t reserved_below() const ABSL_LOCKS_EXCLUDED(mu_);

  // Called when the ledger was opened, with none of its locks that other functions take. When this returns, the one
  // before runs no more; nullptr: none.
  void SetOnOpen(std::function<void()> on_open) ABSL_LOCKS_EXCLUDED(on_open_mu_);
  // Called with each new reserved_below but the one that Open returns, before streams below it are given away; with the
  // ledger's lock held: it must not call the ledger.
  void SetOnReserve(std::function<void(int64_t below)> on_reserve) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  StreamLedger(const StreamLedgerOptions& options, int64_t next) : options_(options), next_(next), reserved_(next) {}

  void RaiseLocked(int64_t used_below) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes sure that streams below are remembered before they are given away.
  void ReserveLocked(int64_t below) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const StreamLedgerOptions options_;

  Mutex on_open_mu_;  // Held while it runs.
  std::function<void()> on_open_ ABSL_GUARDED_BY(on_open_mu_);

  mutable Mutex mu_;
  std::function<void(int64_t)> on_reserve_ ABSL_GUARDED_BY(mu_);
  bool open_ ABSL_GUARDED_BY(mu_) = false;
  bool cannot_write_ ABSL_GUARDED_BY(mu_) = false;  // That was said.
  // Counted on beyond kNumActorStreams; a stream is its remainder.
  int64_t next_ ABSL_GUARDED_BY(mu_);
  int64_t reserved_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
