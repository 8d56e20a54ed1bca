// The experience store: fixed-size rows in one slab, a sampler and a remover, and a limiter of samples per insert.
//
// An insert takes slots of one region (unused ones, or those of rows that make room) and copies rows into them. Rows
// are never moved, nothing is allocated per row or batch, and keys name slots, so that no map is searched (item_key.h).
// Batches are laid out as columns (RowSchema::batch_offset), as learners need them. The capacity bounds rows and bytes,
// bookkeeping included. Rows are known by writer and sequence number (WriterLedger): rows sent twice are stored once.
//
// A row that was sampled max_times_sampled times is leased: no other reader draws it, and no insert removes it. It is
// removed when its batch is acknowledged, and may be drawn again when the batch is refunded. So a row that dead readers
// have drawn is still used.
//
// Thread-safe. The learner has priority: writers copy in pieces of at most 32 KiB (64 rows), and let a waiting sampler
// take the lock before each piece. No caller holds the lock for longer than one such piece, 256 KiB (1,024 rows) of a
// batch, or a cut (FreezeLocked copies the bookkeeping). No method waits for the rate limiter: the result says what the
// caller would wait for (BlockedOn), and the caller tries again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"
#include "common/base/row_schema.h"
#include "recbots/v1/checkpoint.pb.h"
#include "recbots/v1/identity.pb.h"
#include "replay/table/byte_runs.h"
#include "replay/table/item_key.h"
#include "replay/table/rate_limiter.h"
#include "replay/table/selectors/selector.h"
#include "replay/table/slab.h"
#include "replay/table/slots.h"
#include "replay/table/table_counters.h"
#include "replay/table/table_options.h"
#include "replay/table/writer_ledger.h"

namespace recbots::replay {

// The state of a table, with its counters.
struct TableState : TableCounters {
  int64_t rows = 0;      // Held now, leased ones included.
  int64_t bytes = 0;     // Bytes of these rows, bookkeeping included.
  int64_t leased = 0;    // Drawn for the last time and not yet acknowledged.
  int64_t restored = 0;  // How many of the inserted rows came from a checkpoint.
  // Selector::total_weight of the sampler; 0 until min_size rows were inserted.
  uint64_t total_weight = 0;
  int64_t streams_below = 0;  // The highest value given to RaiseStreams so far, also before a restart.
  BlockedOn inserts_blocked_on = BlockedOn::kNone;
  BlockedOn samples_blocked_on = BlockedOn::kNone;  // For a batch of one row
};

struct InsertResult {
  // The writer's high-water mark after the call. If it reaches first_sequence + num_rows, all rows were taken.
  int64_t acknowledged_rows = 0;
  int64_t inserted = 0;
  int64_t duplicates = 0;
  // Why not all rows were taken; kNone if all were.
  BlockedOn blocked_on = BlockedOn::kNone;
};

// How much an insert could add now.
struct InsertRoom {
  static constexpr int64_t kAnyNumber = std::numeric_limits<int64_t>::max();
  // Rows that the limiter admits at once; 0 while the table is full of rows that must not be removed. Ignores a
  // checkpoint that holds up inserts for a moment.
  int64_t admitted = kAnyNumber;
  int64_t inserted = 0;  // Rows ever inserted.
};

struct SampleResult {
  // kNone: the batch was drawn. Otherwise no row was.
  BlockedOn blocked_on = BlockedOn::kNone;
  TableState table;  // At the draw.
};

struct PriorityResult {
  int64_t updated = 0;
  int64_t stale = 0;    // Rows that are gone.
  int64_t refused = 0;  // Negative, infinite, NaN.
};

// A table at one moment, without the bytes of its rows, which the slab keeps unchanged until EndCut.
struct FrozenTable {
  v1::FrozenTable header;
  // The arrays that the header lists, one after the other. Reused from cut to cut: memory touched before keeps the
  // pause short.
  std::vector<char> arrays;
};

class Table {
 public:
  // INVALID_ARGUMENT     a setting of capacity, limiter or sampling is out of range, or min_size exceeds the capacity
  // RESOURCE_EXHAUSTED   the address space has no room for the slab
  static absl::StatusOr<std::unique_ptr<Table>> Create(RowSchema schema, const TableOptions& options);

  // Opens one more stream of a writer; returns its high-water mark, 0 for a new one. Pair each call with CloseWriter.
  //   RESOURCE_EXHAUSTED  max_writers writers are open
  absl::StatusOr<int64_t> OpenWriter(const WriterId& id) ABSL_LOCKS_EXCLUDED(mu_);
  void CloseWriter(const WriterId& id) ABSL_LOCKS_EXCLUDED(mu_);

  // identity() is the meaning of the rows; it has no fields if the meaning is not known. AdoptIdentity sets it to
  // `theirs` if it was not known. TakeOver replaces the identity that came with restored rows by that of the first
  // party that was let in since; later calls, and those without restored rows, have no effect and return false.
  v1::ExperimentIdentity identity() const ABSL_LOCKS_EXCLUDED(mu_);
  void AdoptIdentity(const v1::ExperimentIdentity& theirs) ABSL_LOCKS_EXCLUDED(mu_);
  bool TakeOver(const v1::ExperimentIdentity& theirs) ABSL_LOCKS_EXCLUDED(mu_);
  // Random streams below it are or will be given to actors. Table and checkpoints remember it for later learners.
  void RaiseStreams(int64_t streams_below) ABSL_LOCKS_EXCLUDED(mu_);

  // Stores the rows first_sequence.. of an open writer, num_rows x row_bytes bytes of `rows`, as far as limiter and
  // room admit. Skips rows that were inserted before. Several streams of one writer may race: each row is still
  // inserted once, in sequence. `priorities` has a number per row, finite and at least 0 (the caller checks this); if
  // it is empty, rows get the highest priority seen so far, 1 at first (Schaul et al. 2016, algorithm 1, line 6).
  //   INVALID_ARGUMENT     first_sequence is beyond the writer's mark, so rows between are missing; nothing was stored
  //   FAILED_PRECONDITION  the writer is not open
  absl::StatusOr<InsertResult> Insert(const WriterId& id, int64_t first_sequence, ByteRuns rows, int64_t num_rows,
                                      absl::Span<const float> priorities = {}) ABSL_LOCKS_EXCLUDED(mu_);

  InsertRoom insert_room() const ABSL_LOCKS_EXCLUDED(mu_);

  // For writers in this process, which never send a row twice: stores as many rows as are admitted; returns the count.
  int64_t Append(const char* rows, int64_t num_rows, absl::Span<const float> priorities = {}) ABSL_LOCKS_EXCLUDED(mu_);

  // Draws num_rows >= 1 rows with replacement (as far as max_times_sampled allows) and counts them in the limiter.
  // Writes schema().batch_bytes(num_rows) bytes at `columns` (except the padding between columns), keys [num_rows] and
  // the probabilities of the draws [num_rows]. Draws all rows, or none and leaves the three undefined. The draws depend
  // only on the seed and the earlier calls.
  SampleResult Sample(int64_t num_rows, char* columns, ItemKey* keys, float* probabilities) ABSL_LOCKS_EXCLUDED(mu_);
  // For readers who look on: draws num_rows >= 1 rows with replacement, each of those held (leased ones, too) as likely
  // as the others, and writes what Sample writes. Nothing that others see changes: neither the limiter nor counters,
  // leases or later draws. kItems: there is no row. Learners go before it, and its rows are neither acknowledged nor
  // refunded.
  SampleResult Observe(int64_t num_rows, char* columns, ItemKey* keys, float* probabilities) ABSL_LOCKS_EXCLUDED(mu_);
  // Tells that a batch was used. Its rows that were sampled max_times_sampled times (0: no effect) are removed once no
  // other batch with them is in flight. Ignores keys of rows that are gone, and shards in keys.
  void Acknowledge(absl::Span<const ItemKey> keys) ABSL_LOCKS_EXCLUDED(mu_);
  // Tells that a batch was not used. Takes back its draws, also in the limiter; leased rows may be drawn again, at
  // their place in the order of age. Rows gone by now are refunded to a ratio, but not to a queue.
  void Refund(absl::Span<const ItemKey> keys) ABSL_LOCKS_EXCLUDED(mu_);

  // Sets new priorities, one for each key. Priorities that cannot be used are counted and ignored.
  PriorityResult UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities)
      ABSL_LOCKS_EXCLUDED(mu_);

  // For inspection: copies up to num_rows rows that are not leased, in order of age from the first-oldest one on (0:
  // the oldest), to `rows`. Returns how many. Holds the lock while it examines every slot (10 ms per million).
  int64_t CopyRows(int64_t first, int64_t num_rows, char* rows) const ABSL_LOCKS_EXCLUDED(mu_);

  TableState state() const ABSL_LOCKS_EXCLUDED(mu_);
  // FAILED_PRECONDITION as in RateLimiter::CheckReader, and for batches larger than max_times_sampled allows to draw.
  absl::Status CheckReader(int64_t batch_size, int64_t batches_in_flight) const ABSL_LOCKS_EXCLUDED(mu_);
  // CheckReader for a reader that stays: until CloseReader, SetRateLimiter refuses what would make it wait for ever.
  absl::Status OpenReader(int64_t batch_size, int64_t batches_in_flight) ABSL_LOCKS_EXCLUDED(mu_);
  void CloseReader(int64_t batch_size, int64_t batches_in_flight) ABSL_LOCKS_EXCLUDED(mu_);
  // Changes the limiter at run time; counters continue as RateLimiter::Continue says. On error nothing has changed.
  //   INVALID_ARGUMENT     as in Create, and if the kind of limiter would change
  //   FAILED_PRECONDITION  as in CheckReader, for a reader that is open
  absl::Status SetRateLimiter(const RateLimiterOptions& options) ABSL_LOCKS_EXCLUDED(mu_);
  RateLimiterOptions rate_limiter() const ABSL_LOCKS_EXCLUDED(mu_);

  // Checkpoints. FreezeLocked notes all but the bytes of rows in `frozen`, and begins a cut of the slab. ReadSegment
  // then returns segments as they were at the cut, while inserts continue. EndCut frees the copies; if the cut is not
  // kept, its segments stay dirty. There is one cut at a time; Store freezes several tables at one moment. The row in
  // slot i lies at byte i x row_bytes of the segments laid end to end.
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION(mu_) { mu_.Lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION(mu_) { mu_.Unlock(); }
  void FreezeLocked(FrozenTable& frozen) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes room in `frozen` for what FreezeLocked will note, and touches this memory. Call it before taking the lock.
  void PrepareFreeze(FrozenTable& frozen) const ABSL_LOCKS_EXCLUDED(mu_);
  // Segments (of Slab::kSegmentBytes) changed since the last cut that was kept, ascending; in a new or restored table
  // all that hold rows. Constant during a cut.
  std::vector<int64_t> dirty_segments() const ABSL_LOCKS_EXCLUDED(mu_);
  // During a cut: copies one of dirty_segments(), as it was at the cut, to `to`, in pieces of 256 KiB, each under the
  // lock. Returns the number of bytes: Slab::kSegmentBytes, or less for the last segment in use. Call it once for each
  // segment: afterwards inserts write there without a copy.
  int64_t ReadSegment(int64_t segment, char* to) ABSL_LOCKS_EXCLUDED(mu_);
  void EndCut(bool kept) ABSL_LOCKS_EXCLUDED(mu_);
  // Whether inserts wait (BlockedOn::kCheckpoint) because there was no memory to copy what a cut still needs. True
  // until an insert succeeds or the cut ends.
  bool waits_for_cut() const { return waits_for_cut_.load(std::memory_order_relaxed); }
  // Sets the memory for these copies, which tables may share (none: no bound). Call it before the first cut.
  void SetCopyPool(std::shared_ptr<CopyPool> pool) ABSL_LOCKS_EXCLUDED(mu_);
  // The size of FrozenTable::arrays when every slot is in use.
  int64_t max_frozen_bytes() const;

  // Restores a frozen table into this one. `read(first, count, to)` must read the row bytes of the frozen slots first
  // .. first + count - 1; it is called in ascending order, once for each slot. If schema, number of slots, sampler,
  // remover, exponent and max_times_sampled are the same, the table continues bit for bit: keys, draws (with the frozen
  // seed), counters of the limiter, writers. Otherwise the options of this table win: rows are inserted again in order
  // of age, only the newest if not all fit, and `differences` says what differs. If this table does not know the
  // meaning of its rows, it adopts the frozen one. For rows with max_times_sampled, draws in flight are refunded,
  // oldest first. Draws of other rows are not tracked. Call Restore before any other method; after an error the table
  // is as new.
  //   FAILED_PRECONDITION  the schema is another; the message names the first difference
  //   DATA_LOSS            the arrays do not fit the header or each other; the message says what and where
  //   others               the error that `read` returned
  using ReadSlots = std::function<absl::Status(int64_t first, int64_t count, char* to)>;
  absl::Status Restore(const FrozenTable& frozen, const ReadSlots& read, std::vector<std::string>& differences)
      ABSL_LOCKS_EXCLUDED(mu_);
  // SetDurable takes the newest finished checkpoint; DurableRows returns a writer's mark in it, or 0 if it has none.
  void SetDurable(const v1::FrozenTable& frozen) ABSL_LOCKS_EXCLUDED(mu_);
  int64_t DurableRows(const WriterId& id) const ABSL_LOCKS_EXCLUDED(mu_);

  const RowSchema& schema() const { return schema_; }
  const TableOptions& options() const { return options_; }
  const std::string& name() const { return options_.name; }
  // The number of rows that fits both bounds, and the bytes that this many rows take, bookkeeping included.
  int64_t capacity() const { return capacity_; }
  int64_t max_bytes() const { return capacity_ * slot_bytes_; }
  // A random number for each table and process: tells a restarted server from the previous one.
  uint64_t incarnation() const { return incarnation_; }

 private:
  // Rows of one piece, which is what is inserted, or drawn, while the lock is held once.
  static constexpr int64_t kInsertRows = 64;
  static constexpr int64_t kGatherRows = 1024;

  // Holds the lock for the learner's side, which a writer that holds the lock lets pass soon.
  class ABSL_SCOPED_LOCKABLE LearnerLock {
   public:
    explicit LearnerLock(Table* table) ABSL_EXCLUSIVE_LOCK_FUNCTION(table->mu_);
    ~LearnerLock() ABSL_UNLOCK_FUNCTION();

   private:
    Table* const table_;
  };

  Table(RowSchema schema, const TableOptions& options, RateLimiter limiter, int64_t capacity);
  // Makes the members whose construction can fail.
  absl::Status Init();
  // If the learner's side waits for the lock, lets one waiting call have its turn.
  void LetLearnerPass() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // table_insert.cc. Rows of a piece and the slots that they will lie in.
  struct Piece {
    ByteRuns* rows;
    absl::Span<const float> priorities;
    int64_t wanted = 0;
    int64_t taken = 0;
    BlockedOn blocked_on = BlockedOn::kNone;  // Why no more were taken
    uint32_t slots[kInsertRows];
  };
  // Stores up to one piece of the admitted rows; returns the number of rows taken, and in blocked_on why none was.
  int64_t InsertPiece(ByteRuns& rows, int64_t num_rows, absl::Span<const float> priorities, BlockedOn& blocked_on)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeFreeSlots(Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EvictRows(Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void NoteRow(Piece& piece, uint32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CopyRowsIn(const Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The slot of the row to remove next, or Slots::kNone if no row may be removed.
  uint32_t NextToGo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool TouchRow(uint32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return slab_.TouchForWrite(static_cast<int64_t>(slot) * row_bytes_, row_bytes_);
  }
  BlockedOn InsertBlockedOn() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckReaderLocked(int64_t batch_size, int64_t batches_in_flight) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // table_sample.cc.
  // Draws and gathers rows first.. of a batch; returns how many were drawn, which are fewer if no more may be.
  int64_t SamplePiece(Rng& rng, int64_t first, int64_t rows, int64_t batch_rows, char* columns, ItemKey* keys,
                      float* probabilities) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Draws as far as max_times_sampled allows; returns how many slots were drawn.
  int64_t DrawCounted(Rng& rng, absl::Span<uint32_t> slots, float* probabilities) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Consume(uint32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Takes back draws; returns how many of the rows still exist.
  int64_t GiveBack(absl::Span<const ItemKey> keys) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void UpdatePiece(absl::Span<const ItemKey> keys, absl::Span<const float> priorities, PriorityResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  BlockedOn SampleBlockedOn(int64_t rows) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  TableState StateLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // table_observe.cc. Gathers rows first.. of a batch, drawn from `candidates`, or from all rows if there are none;
  // returns how many, which are fewer if many slots or candidates hold no row any more.
  int64_t ObservePiece(absl::Span<const ItemKey> candidates, int64_t first, int64_t rows, int64_t batch_rows,
                       char* columns, ItemKey* keys, float* probabilities) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::vector<ItemKey> HeldKeys() const ABSL_LOCKS_EXCLUDED(mu_);

  // Drawable: whether a row of this priority may be drawn. DrawsLeft: how often the row in a slot may still be drawn.
  bool Drawable(float priority) const { return priority > 0 || !by_weight_; }
  int64_t DrawsLeft(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return Drawable(slots_.priorities[slot]) ? options_.max_times_sampled - slots_.times[slot] : 0;
  }
  bool Leased(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return counted_ && slots_.times[slot] == options_.max_times_sampled;
  }
  char* RowAt(uint32_t slot) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return slab_.data() + static_cast<int64_t>(slot) * row_bytes_;
  }

  // table_checkpoint.cc.
  struct Thaw;
  size_t FrozenBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void FreezeHeader(v1::FrozenTable& header) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Both fill slots and selectors; what they write has no effect before Commit.
  absl::Status ThawInPlace(Thaw& thaw, const ReadSlots& read) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ThawByAge(Thaw& thaw, const ReadSlots& read) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Commit(Thaw& thaw) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ContinueLimiter(Thaw& thaw) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const RowSchema schema_;
  const TableOptions options_;  // Except for its rate_limiter, which may change.
  const int64_t capacity_;
  const int64_t row_bytes_;
  const int64_t slot_bytes_;  // A row and its bookkeeping.
  const int64_t insert_rows_;
  const int64_t gather_rows_;
  const bool counted_;    // max_times_sampled is set
  const bool by_weight_;  // The sampler draws no row of priority 0
  const uint64_t incarnation_;

  mutable std::atomic<int> learners_waiting_{0};  // Raised without the lock, lowered under it
  std::atomic<bool> waits_for_cut_{false};        // Written under the lock

  mutable Mutex mu_;
  mutable int64_t learner_turns_ ABSL_GUARDED_BY(mu_) = 0;
  RateLimiter limiter_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<int64_t, int64_t>> readers_ ABSL_GUARDED_BY(mu_);  // Batch sizes, and batches in flight.
  WriterLedger ledger_ ABSL_GUARDED_BY(mu_);
  Slab slab_ ABSL_GUARDED_BY(mu_);
  Slots slots_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Selector> sampler_ ABSL_GUARDED_BY(mu_);  // Holds rows that may be drawn: all but leased ones.
  std::unique_ptr<Selector> remover_ ABSL_GUARDED_BY(mu_);  // Holds all rows, except those found leased at the front.
  float highest_priority_ ABSL_GUARDED_BY(mu_) = 1;
  int64_t draws_left_ ABSL_GUARDED_BY(mu_) = 0;  // Sum of DrawsLeft over all rows.
  uint64_t seed_ ABSL_GUARDED_BY(mu_);
  uint64_t batches_drawn_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t pieces_observed_ ABSL_GUARDED_BY(mu_) = 0;  // Not kept in checkpoints
  v1::ExperimentIdentity identity_ ABSL_GUARDED_BY(mu_);
  bool identity_restored_ ABSL_GUARDED_BY(mu_) = false;  // And no party was compared with it yet.
  int64_t streams_below_ ABSL_GUARDED_BY(mu_) = 0;
  TableCounters counters_ ABSL_GUARDED_BY(mu_);
  // As in TableState.
  int64_t leased_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t restored_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace recbots::replay
