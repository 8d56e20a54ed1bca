// Keeps one high-water mark per writer, so that rows that a writer sends again after a reconnection are recognised and
// skipped.
//
// The ledger is bounded: when it is full, the writer that closed its streams first is forgotten. A forgotten writer
// that comes back begins at 0 and is told so, and thus learns that its past is gone; rows that were inserted but not
// acknowledged could then be inserted twice. With the default bound this needs 4,096 other writers between a broken
// connection and its repair.
//
// Not thread-safe: Table guards it with its mutex.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace recbots::replay {

// 128 random bits that a writing process draws when it starts: its incarnation.
using WriterId = std::array<uint8_t, 16>;

// What a checkpoint keeps about a writer.
struct WriterMark {
  WriterId id = {};
  int64_t rows = 0;
  // The position of its last Close in the order of all Close calls; 0 if it was open.
  int64_t closed_at = 0;
};

class WriterLedger {
 public:
  explicit WriterLedger(int64_t max_writers) : max_writers_(max_writers) {}

  // Notes that the writer has one more open stream.
  //   RESOURCE_EXHAUSTED  max_writers writers have open streams
  absl::Status Open(const WriterId& id);
  // Notes the end of a stream of the writer. Its mark stays.
  void Close(const WriterId& id);

  // The writer's mark: all its rows with a sequence number below this number were inserted. nullptr if the writer is
  // not known. The pointer is valid until the next Open.
  int64_t* Find(const WriterId& id);

  // The writer's mark in the newest checkpoint; 0 if the writer is not known.
  int64_t durable(const WriterId& id) const;
  // Sets the marks of the newest checkpoint. It contains no rows of any other writer.
  void SetDurable(absl::Span<const WriterMark> marks);

  // The marks of all writers, in no particular order.
  std::vector<WriterMark> Marks() const;
  // Fills an empty ledger with the writers of another one. All their streams count as closed, streams that were open as
  // closed last, and all their rows as durable. If the ledger has no room for all, it forgets the writers that closed
  // first. Returns how many were forgotten.
  //   INVALID_ARGUMENT  a writer comes twice, or a number is negative; the ledger is then empty
  absl::StatusOr<int64_t> Restore(std::vector<WriterMark> marks);

  int64_t size() const { return static_cast<int64_t>(writers_.size()); }

 private:
  struct Entry {
    int64_t rows = 0;
    int64_t durable_rows = 0;
    int64_t open_streams = 0;
    int64_t closed_at = 0;  // Position of its last Close in the order of all.
  };

  // Forgets the writer that closed first; false if all are open.
  bool ForgetOldest();

  const int64_t max_writers_;
  int64_t closes_ = 0;
  absl::flat_hash_map<WriterId, Entry> writers_;
};

}  // namespace recbots::replay
