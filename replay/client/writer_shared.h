// What the shard writers of one ReplayWriter share.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/row_schema.h"
#include "replay/client/connection_monitor.h"
#include "replay/client/replay_writer.h"
#include "replay/client/store_directory.h"

namespace recbots::replay {

// Counts the events after which an Append that waits for room may go on. Its mutex is always the last to be locked.
class News {
 public:
  int64_t count() const { return count_.load(); }
  void Tell() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    ++count_;
  }
  // Waits until count() is no longer `seen`; false: it still was at the deadline.
  bool AwaitSince(int64_t seen, Instant deadline) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return mu_.AwaitUntil([this, seen] { return count_.load() != seen; }, deadline);
  }

 private:
  Mutex mu_;
  std::atomic<int64_t> count_{0};  // Changed under the mutex.
};

struct WriterShared {
  WriterShared(const RowSchema& row_schema, const ReplayWriterOptions& writer_options)
      : schema(row_schema), options(writer_options), connections(writer_options.retry.give_up_after) {}

  const RowSchema schema;
  const ReplayWriterOptions options;
  StoreDirectory stores;
  ConnectionMonitor connections;
  News news;
  std::atomic<bool> failed{false};       // There is a final error.
  std::atomic<int64_t> dropped_rows{0};  // The sum over all shard writers.
};

}  // namespace recbots::replay
