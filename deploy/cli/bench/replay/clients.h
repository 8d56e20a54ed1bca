// Actors and learners that do nothing but insert and sample, as fast as replay lets them.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/base/row_schema.h"
#include "common/base/thread.h"
#include "deploy/cli/bench/replay/bench_rows.h"
#include "deploy/cli/bench/replay/latency_log.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/replay_writer.h"

namespace recbots::replay_bench {

inline constexpr absl::Duration kPatience = absl::Seconds(60);

// What the clients' threads run into first. Thread-safe.
class FirstError {
 public:
  void Update(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    status_.Update(status);
  }
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return status_;
  }

 private:
  mutable Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

// Writers, each with a stream and a thread of its own. Thread-safe but for Stop.
class WriterLoad {
 public:
  static absl::StatusOr<std::unique_ptr<WriterLoad>> Start(const RowSchema& schema, const std::string& address,
                                                           int num_writers);
  ~WriterLoad();

  // Rows in the table.
  int64_t acknowledged() const;
  // Writers that have rows there.
  int num_writing() const;
  absl::Status status() const { return error_.status(); }
  // Ends the threads and waits until everything is in the table.
  absl::Status Stop();

 private:
  WriterLoad() = default;
  void Run(replay::ReplayWriter& writer, RowMaker& rows);

  std::vector<std::unique_ptr<RowMaker>> rows_;
  std::vector<std::unique_ptr<replay::ReplayWriter>> writers_;
  std::atomic<bool> stop_{false};
  FirstError error_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

// Inserts that many rows and waits until they are in the table. Those of another writer are other rows.
absl::Status Fill(const RowSchema& schema, const std::string& address, int64_t rows, uint32_t writer_number = 1000);

struct ReaderOptions {
  int num_readers = 1;
  int32_t batch_size = 256;
  int32_t batches_in_flight = 2;
  bool write_back = false;  // New priorities for every row of every batch.
  // One batch in this many is checked row by row. Checking costs a reader about as much as taking a batch.
  int check_every = 64;
};

// Readers, each with a stream and a thread of its own. Thread-safe but for Stop.
class ReaderLoad {
 public:
  static absl::StatusOr<std::unique_ptr<ReaderLoad>> Start(const RowSchema& schema, const std::string& address,
                                                           const ReaderOptions& options);
  ~ReaderLoad();

  int64_t rows() const { return rows_.load(); }
  // Of every call of Next.
  LatencyLog& latencies() { return latencies_; }
  // Ends the threads. DATA_LOSS: a row was not as it was written.
  absl::Status Stop();

 private:
  explicit ReaderLoad(const ReaderOptions& options) : options_(options) {}
  absl::Status Run(replay::ReplaySampler& sampler);

  const ReaderOptions options_;
  std::vector<std::unique_ptr<replay::ReplaySampler>> samplers_;
  std::atomic<bool> stop_{false};
  std::atomic<int64_t> rows_{0};
  LatencyLog latencies_;
  FirstError error_;
  std::vector<std::unique_ptr<Thread>> threads_;
};

// The gate: every row of some batches is as it was written. DATA_LOSS otherwise.
absl::Status CheckSamples(const RowSchema& schema, const std::string& address, int32_t batch_size);

}  // namespace recbots::replay_bench
