// Writes a store to disk while the store is in use, and reads it back (docs/formats.md specifies the files).
//
// A directory belongs to one server at a time: the checkpointer claims the first of DIR/shard-0, shard-1, ... that is
// free, so that several servers may be given the same DIR. The directory contains segments of 4 MiB of rows, one file
// of bookkeeping for each table, and manifests; files whose content has not changed since the last checkpoint are not
// written again. The order is: segments and bookkeeping, fdatasync, manifest under a temporary name, fdatasync,
// rename, fsync of the directory. A crash at any byte leaves the last finished checkpoint; foreign files are never
// touched.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/stop.h"
#include "replay/table/store.h"

namespace recbots::replay {

struct CheckpointerOptions {
  std::string directory = {};                   // DIR; made if it is missing.
  absl::Duration interval = absl::Seconds(60);  // Between checkpoints; zero: only on request. Longer writes less.
  int keep = 3;                                 // The number of checkpoints to keep, at least 1.
  int64_t write_bytes_per_second = 50'000'000;  // While no caller waits; 0: no bound.
  int64_t copy_bytes = int64_t{64} << 20;       // For the CopyPool of all tables; at least a segment.
  StopQuestion stop = {};                       // Several threads ask it while Open restores.
  // The checkpoint to restore, for a caller that keeps something that belongs to it; 0: none. Newer ones are passed
  // over, and count as damaged. nullopt: the newest valid one.
  std::optional<int64_t> restore = {};
};

struct CheckpointReport {
  // Grows with every attempt; if nothing has changed, that of the last checkpoint. 0: no table exists yet, so that
  // there is nothing to keep.
  int64_t sequence = 0;
  int64_t bytes_written = 0;
  absl::Duration took;
  absl::Duration pause;  // How long the tables stood still.
};

struct CheckpointerStats {
  int64_t sequence = 0;  // Newest finished checkpoint, or 0.
  int64_t finished = 0;  // By this process.
  int64_t failed = 0;
  int64_t bytes_written = 0;
  Instant finished_at = Instant::InfinitePast();
  CheckpointReport newest;
  absl::Status last_error;  // Of the last attempt
  std::string directory;    // The claimed one
};

struct RestoreReport {
  int64_t sequence = 0;  // 0: there was no checkpoint, the store is new.
  int64_t rows = 0;
  absl::Duration took;
  std::vector<std::string> differences;  // Settings that differ from the checkpoint's; the store's settings hold.
  std::vector<std::string> refused;      // Newer checkpoints that are damaged, and why.
};

// Thread-safe.
class Checkpointer {
 public:
  // Claims a directory, restores the newest valid checkpoint in it into `store`, and starts the thread that writes. The
  // store must be new and outlive this object. After an error the store must not be used.
  //   INVALID_ARGUMENT     an option is out of range
  //   UNAVAILABLE          the directory cannot be made, read or claimed; the message names it
  //   RESOURCE_EXHAUSTED   as UNAVAILABLE, but because the disk is full
  //   FAILED_PRECONDITION  the checkpoint has another schema than the store, rows for which the store cannot make
  //                        tables (Store::MakeTransitions), or tables that the store lacks, or has a newer format; the
  //                        message names the difference
  //   DATA_LOSS            there are checkpoints, but none of them is valid (with options.restore: that one is not);
  //                        the message names the newest, what is wrong with it, and the way out
  //   CANCELLED            options.stop returned true; nothing on disk was changed
  static absl::StatusOr<std::unique_ptr<Checkpointer>> Open(const CheckpointerOptions& options, Store* store);
  // Stops without a last checkpoint.
  ~Checkpointer();

  // Makes a checkpoint that contains everything in the store when the call begins, and waits for it at most until the
  // deadline.
  //   DEADLINE_EXCEEDED   the checkpoint is not finished, and continues in the background
  //   UNAVAILABLE         it failed; the message says why and names the file; the last checkpoint stays valid
  //   RESOURCE_EXHAUSTED  as UNAVAILABLE, but because the disk is full
  absl::StatusOr<CheckpointReport> Checkpoint(Instant deadline);
  // Asks for a checkpoint without waiting. Requests that come before it begins share it. If it fails it is tried again,
  // first after a second, then after twice as long each time, up to a minute.
  void Request();
  // Sets the listener (nullptr: none). The checkpointer's thread calls it after every checkpoint, finished (the durable
  // marks of the tables are set) or failed, before it wakes the callers that wait for the checkpoint. The listener may
  // call every method except Checkpoint and SetListener. When SetListener returns, the previous listener does not run
  // any more.
  void SetListener(std::function<void(const absl::Status&)> listener);

  const RestoreReport& restored() const;
  CheckpointerStats stats() const;
  // The memory that checkpoints take in addition to full tables: copy_bytes, the bookkeeping at the cut of the tables
  // that exist, and a segment that is being written.
  int64_t memory_bytes() const;

 private:
  class Impl;
  explicit Checkpointer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
