// The experience store: fixed-size rows in one slab, oldest out first, uniform samples, a ratio of samples to inserts.
//
// Rows lie row-major in a ring: an insert is one or two memcpy, a removal moves nothing, a draw is an index. Batches
// come out column by column (RowSchema::batch_offset), as learners want them. Nothing is allocated per row or per
// batch. The capacity holds in rows and in bytes. Writers are known by id and their rows by sequence number
// (WriterLedger), so that rows which come twice are stored once.
//
// Thread-safe. The learner goes first: writers copy in pieces of at most 32 KiB and let a waiting sampler in before
// each. Nobody holds the lock for longer than such a piece, or 1,024 rows of a batch. Nothing here waits for the rate
// limiter: the caller is told what it would wait for (BlockedOn) and comes back.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "common/base/random.h"
#include "common/base/row_schema.h"
#include "replay/table/rate_limiter.h"
#include "replay/table/slab.h"
#include "replay/table/writer_ledger.h"

namespace recbots::replay {

struct TableOptions {
  // Both bounds hold. 1..2^32-1 rows; at least one row's bytes. Memory is taken as rows come.
  int64_t capacity_rows = 100'000;
  int64_t capacity_bytes = int64_t{1} << 30;
  // min_size must fit the capacity.
  RateLimiterOptions rate_limiter = {};
  // Writers remembered; about 64 bytes each.
  int64_t max_writers = 4096;
};

struct TableState {
  int64_t rows = 0;        // Held now.
  int64_t inserted = 0;    // Ever.
  int64_t sampled = 0;     // Ever drawn, refunds not taken off.
  int64_t refunded = 0;    // Ever given back.
  int64_t duplicates = 0;  // Rows that came again and were skipped.
  BlockedOn inserts_blocked_on = BlockedOn::kNone;
  BlockedOn samples_blocked_on = BlockedOn::kNone;  // For a batch of one row.
};

struct InsertResult {
  // Rows of the writer in the table after the call. All were taken when this reaches first_sequence + num_rows.
  int64_t acknowledged_rows = 0;
  int64_t inserted = 0;
  int64_t duplicates = 0;
  // Why fewer than all were taken; kNone: all were.
  BlockedOn blocked_on = BlockedOn::kNone;
};

struct SampleResult {
  // kNone: the batch was drawn. Otherwise nothing was.
  BlockedOn blocked_on = BlockedOn::kNone;
  TableState table;
};

class Table {
 public:
  // INVALID_ARGUMENT     a capacity or limiter setting out of range, min_size over the capacity
  // RESOURCE_EXHAUSTED   no address space for the slab
  static absl::StatusOr<std::unique_ptr<Table>> Create(RowSchema schema, const TableOptions& options);

  // One more stream of that writer; the result is its high-water mark, 0 for a new one. Pair with CloseWriter.
  //   RESOURCE_EXHAUSTED  max_writers writers are open
  absl::StatusOr<int64_t> OpenWriter(const WriterId& id) ABSL_LOCKS_EXCLUDED(mu_);
  void CloseWriter(const WriterId& id) ABSL_LOCKS_EXCLUDED(mu_);

  // Stores rows first_sequence.. of an open writer, num_rows x row_bytes bytes from `rows`, as far as the limiter
  // admits; skips those that are in already. Several streams of one writer may race: each row still goes in once, in
  // sequence.
  //   INVALID_ARGUMENT     first_sequence is beyond the writer's mark: rows between are missing; nothing was stored
  //   FAILED_PRECONDITION  the writer is not open
  absl::StatusOr<InsertResult> Insert(const WriterId& id, int64_t first_sequence, const char* rows, int64_t num_rows)
      ABSL_LOCKS_EXCLUDED(mu_);

  // For writers in this process, which never send twice: stores as many as the limiter admits, returns how many.
  int64_t Append(const char* rows, int64_t num_rows) ABSL_LOCKS_EXCLUDED(mu_);

  // Draws num_rows >= 1 rows uniformly with replacement, by num_rows indices from `rng`, into
  // schema().batch_bytes(num_rows) bytes at `columns` (padding between columns is not written); charges the limiter.
  // The same rng on the same content gives the same batch.
  SampleResult Sample(Rng rng, int64_t num_rows, char* columns) ABSL_LOCKS_EXCLUDED(mu_);
  // Takes back the charge for `rows` sampled rows that were not used.
  void Refund(int64_t rows) ABSL_LOCKS_EXCLUDED(mu_);

  // Copies up to num_rows rows, row-major, from the first-oldest one on; returns how many there were. For inspection:
  // holds the lock while it copies.
  int64_t CopyRows(int64_t first, int64_t num_rows, char* rows) const ABSL_LOCKS_EXCLUDED(mu_);

  TableState state() const ABSL_LOCKS_EXCLUDED(mu_);
  // FAILED_PRECONDITION as RateLimiter::CheckReader.
  absl::Status CheckReader(int64_t batch_size, int64_t batches_in_flight) const ABSL_LOCKS_EXCLUDED(mu_);

  const RowSchema& schema() const { return schema_; }
  const TableOptions& options() const { return options_; }
  // Rows that fit both bounds.
  int64_t capacity() const { return capacity_; }
  // Random per table: tells a new store from an old one.
  uint64_t incarnation() const { return incarnation_; }

 private:
  Table(RowSchema schema, const TableOptions& options, RateLimiter limiter, Slab slab, int64_t capacity);

  // Returns after at most one sampler that was waiting has had its turn.
  void LetSamplerPass() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Stores up to one piece of what the limiter admits; returns the rows taken.
  int64_t InsertPiece(const char* rows, int64_t num_rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void GatherDraws(Rng& rng, int64_t first_row, int64_t rows, int64_t batch_rows, char* columns)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Slot of the oldest row.
  int64_t OldestSlot() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return inserted_ > capacity_ ? head_ : 0; }
  TableState StateLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const RowSchema schema_;
  const TableOptions options_;
  const Slab slab_;  // The region is constant, its rows are guarded by mu_.
  const int64_t capacity_;
  const int64_t piece_rows_;
  const uint64_t incarnation_;

  std::atomic<int> samplers_waiting_{0};  // Raised without the lock, lowered under it.

  mutable Mutex mu_;
  RateLimiter limiter_ ABSL_GUARDED_BY(mu_);
  WriterLedger ledger_ ABSL_GUARDED_BY(mu_);
  int64_t inserted_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t head_ ABSL_GUARDED_BY(mu_) = 0;  // Slot of the next row: inserted_ modulo capacity_.
  int64_t sampled_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t refunded_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t duplicates_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t sampler_turns_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace recbots::replay
