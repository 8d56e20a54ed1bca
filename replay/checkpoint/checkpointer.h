// Writes a store to disk while it works, and reads it back (docs/formats.md has the files).
//
// A directory belongs to one server at a time: the checkpointer claims the first of DIR/shard-0, shard-1, ... that is
// free, so that several servers may be given the same directory. In it lie segments of 4 MiB of rows, one file with the
// bookkeeping of all tables, and manifests; what did not change since the last checkpoint is not written again. Order:
// segments, fdatasync, manifest under a temporary name, fsync, rename, fsync of the directory. A crash at any byte
// leaves the last finished checkpoint; files of others are never touched.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/stop.h"
#include "replay/table/store.h"

namespace recbots::replay {

struct CheckpointerOptions {
  std::string directory = {};                   // Made if missing.
  absl::Duration interval = absl::Seconds(60);  // Between checkpoints; zero: only when asked. More: less to write.
  int keep = 3;                                 // Checkpoints kept, at least 1.
  int64_t write_bytes_per_second = 50'000'000;  // While no caller waits for it; 0: as fast as the disk takes it.
  int64_t copy_bytes = int64_t{64} << 20;       // CopyPool of all tables; at least a segment.
  StopQuestion stop = {};                       // Asked by several threads while Open restores.
  bool allow_other_experiment = false;          // Rows that mean something else are taken over, which the report says.
};

struct CheckpointReport {
  int64_t sequence = 0;  // Grows from attempt to attempt; that of the one before where nothing had changed since.
  int64_t bytes_written = 0;
  absl::Duration took;
  absl::Duration pause;  // For which the tables stood still.
};

struct CheckpointerStats {
  int64_t sequence = 0;  // Newest finished, 0: none.
  int64_t finished = 0;  // By this process.
  int64_t failed = 0;
  int64_t bytes_written = 0;
  Instant finished_at = Instant::InfinitePast();
  CheckpointReport newest;
  absl::Status last_error;  // Of the last attempt.
  std::string directory;    // Claimed.
};

struct RestoreReport {
  int64_t sequence = 0;  // 0: nothing was there, the store is new.
  int64_t rows = 0;
  absl::Duration took;
  std::vector<std::string> differences;  // Settings that differ from the checkpoint's: the store's are in force.
  std::vector<std::string> refused;      // Newer manifests that did not check, and why.
};

// Thread-safe.
class Checkpointer {
 public:
  // Claims a directory, restores the newest checkpoint there that checks into `store` (which is new and outlives this),
  // and starts the thread that writes.
  // After an error the store is not to be used.
  //   INVALID_ARGUMENT     an option out of range
  //   UNAVAILABLE          the directory cannot be made, read or claimed; names it
  //   RESOURCE_EXHAUSTED   the same, because the disk is full
  //   FAILED_PRECONDITION  the checkpoint holds another schema, rows of another experiment, or tables that the store
  //                        lacks, or was written in a newer format; names the difference
  //   DATA_LOSS            there are manifests, but none of them checks; names the newest, why, and the way out
  //   CANCELLED            options.stop said so; nothing on disk was changed
  static absl::StatusOr<std::unique_ptr<Checkpointer>> Open(const CheckpointerOptions& options, Store* store);
  // Stops without a last checkpoint.
  ~Checkpointer();

  // A checkpoint of everything that is in the store when the call begins; waits for it, at most until the deadline.
  //   DEADLINE_EXCEEDED   it goes on in the background
  //   UNAVAILABLE         why it failed; names the file; the last one stays valid
  //   RESOURCE_EXHAUSTED  the same, because the disk is full
  absl::StatusOr<CheckpointReport> Checkpoint(Instant deadline);
  // The same without waiting; requests that come while one waits to begin are one. When it fails it is tried again,
  // after a second at first, then twice as long each time up to a minute.
  void Request();
  // Called by the checkpointer's thread after every checkpoint, finished (durable marks of the tables are set) or
  // failed, before those who wait for it go on. It may call anything here but Checkpoint and SetListener. When this
  // returns, the listener before runs no more; nullptr: none.
  void SetListener(std::function<void(const absl::Status&)> listener);

  const RestoreReport& restored() const;
  CheckpointerStats stats() const;
  // All memory that checkpoints take beside the tables, when these are full: copy_bytes, the bookkeeping as it was at
  // the cut, and a segment on its way to the disk.
  int64_t memory_bytes() const;

 private:
  class Impl;
  explicit Checkpointer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
