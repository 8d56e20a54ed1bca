// What the ledger programs write down and the tests read: in files that both map (shared_file.h), so that a kill -9
// leaves them true.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

#include "tests/faults/shared_file.h"

namespace recbots::faults {

enum class ProgramState : int32_t {
  kNotStarted = 0,
  kRunning = 1,
  kClosed = 2,  // Ended in good order: a writer's rows are all in the table, and in a checkpoint if it is durable.
  kFailed = 3,  // `error` says why.
};

// Text that is written once, before the state that tells of it.
struct LedgerError {
  char text[512];

  void Set(const std::string& message) {
    std::strncpy(text, message.c_str(), sizeof(text) - 1);  // The file was zero: the last byte stays so.
  }
};

// One writer of a writing process. Its rows count from 0, in the order in which they were appended.
struct WriterPage {
  int64_t writer;
  int64_t incarnation;
  // Raised before Append is called: no row at or above it was ever sent.
  std::atomic<int64_t> attempted;
  // What ReplayWriter::stats() said, later than it was true.
  std::atomic<int64_t> appended;
  std::atomic<int64_t> acknowledged;
  std::atomic<int64_t> durable;
  std::atomic<int64_t> lost;
  std::atomic<int64_t> connections;
  std::atomic<int64_t> store_restarts;
  std::atomic<int64_t> resent_blocks;
  std::atomic<int32_t> connected_shards;
  // Raised when all of the above was written once more.
  std::atomic<int64_t> looks;
  std::atomic<ProgramState> state;
  LedgerError error;
};
static_assert(std::atomic<int64_t>::is_always_lock_free);

// A row as it was taken by a reader.
struct Sighting {
  int64_t writer;
  int64_t incarnation;
  int64_t sequence;
  int64_t batch;  // Which one of this reader it came in, from 0.
};

// A reading process.
struct ReaderPage {
  static constexpr int64_t kMaxSightings = int64_t{1} << 22;

  // Batches that ReplaySampler::Next gave; raised when the batch's rows were written down.
  std::atomic<int64_t> batches;
  std::atomic<int64_t> rows;
  // Rows that were not whole, and probabilities outside (0, 1].
  std::atomic<int64_t> bad_rows;
  std::atomic<int64_t> bad_probabilities;
  // Priorities sent back, and those that the client refused.
  std::atomic<int64_t> priorities;
  std::atomic<int64_t> refused_priorities;
  std::atomic<int64_t> connections;
  std::atomic<int32_t> connected_shards;
  std::atomic<ProgramState> state;
  LedgerError error;
  // The first `rows` of them; none in mode "prioritized".
  Sighting sightings[kMaxSightings];
};

inline absl::StatusOr<SharedFile> OpenWriterPages(const std::string& path, int streams) {
  return SharedFile::Open(path, sizeof(WriterPage) * static_cast<size_t>(streams));
}
inline absl::StatusOr<SharedFile> OpenReaderPage(const std::string& path) {
  return SharedFile::Open(path, sizeof(ReaderPage));
}

}  // namespace recbots::faults
