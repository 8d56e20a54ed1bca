// Who wrote how far: one high-water mark per writer, so that rows sent again after a reconnection are known and
// skipped.
//
// Bounded: a writer that closed all its streams is remembered until max_writers others came after it; then the one that
// closed first is forgotten. A forgotten writer that comes back begins at 0 and is told so, so it can see that its past
// is gone; rows it never had acknowledged could then be inserted twice. With the default bound that takes 4,096 other
// writers between a broken connection and its repair.
//
// Not thread-safe: Table guards it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace recbots::replay {

// Random 128 bits of one start of a writing process: its incarnation.
using WriterId = std::array<uint8_t, 16>;

// What a checkpoint keeps of a writer.
struct WriterMark {
  WriterId id = {};
  int64_t rows = 0;
  // Order of its last Close among those of all; 0: it was open.
  int64_t closed_at = 0;
};

class WriterLedger {
 public:
  explicit WriterLedger(int64_t max_writers) : max_writers_(max_writers) {}

  // Notes one more stream of that writer.
  //   RESOURCE_EXHAUSTED  max_writers writers have open streams
  absl::Status Open(const WriterId& id);
  // Notes the end of a stream. The mark stays.
  void Close(const WriterId& id);

  // Rows of that writer that are in the table: every sequence number below this one. nullptr: not known, never opened.
  // Valid until the next Open.
  int64_t* Find(const WriterId& id);

  // Rows of that writer in the newest checkpoint; 0 for one that is not known.
  int64_t durable(const WriterId& id) const;
  // These are the writers of the newest checkpoint; of all others nothing is in it.
  void SetDurable(absl::Span<const WriterMark> marks);

  // All writers, in no order.
  std::vector<WriterMark> Marks() const;
  // Makes an empty ledger know writers of another one. All their streams have ended, those that were open last; where
  // not all fit, the ones that closed first are forgotten: returns how many. What they wrote is durable.
  //   INVALID_ARGUMENT  a writer twice, or a negative number; the ledger is empty
  absl::StatusOr<int64_t> Restore(std::vector<WriterMark> marks);

  int64_t size() const { return static_cast<int64_t>(writers_.size()); }

 private:
  struct Entry {
    int64_t rows = 0;
    int64_t durable_rows = 0;
    int64_t open_streams = 0;
    int64_t closed_at = 0;  // Order of the last Close.
  };

  // Forgets the writer that closed first; false when all are open.
  bool ForgetOldest();

  const int64_t max_writers_;
  int64_t closes_ = 0;
  absl::flat_hash_map<WriterId, Entry> writers_;
};

}  // namespace recbots::replay
