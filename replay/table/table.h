// The experience store: fixed-size rows in one slab, samplers and removers over their slots, a ratio of samples to
// inserts.
//
// Rows lie row-major in slots of one region. An insert takes slots (of rows that had to go, or unused ones) and copies;
// nothing is moved, nothing is allocated per row or per batch, and no map is looked up: keys name slots (item_key.h).
// Batches come out column by column (RowSchema::batch_offset), as learners want them. The capacity holds in rows and in
// bytes, bookkeeping included. Writers are known by id and their rows by sequence number (WriterLedger), so that rows
// which come twice are stored once.
//
// Rows that were sampled max_times_sampled times are leased: no other reader draws them, and nothing removes them.
// They go when the batch is acknowledged, and may be drawn again when it is refunded: at least once when readers die.
//
// Thread-safe. The learner goes first: writers copy in pieces of at most 32 KiB (64 rows) and let a waiting sampler in
// before each. No caller holds the lock for longer than such a piece, 256 KiB (1,024 rows) of a batch, or a cut
// (Freeze: a copy of the bookkeeping). Nothing here waits for the rate limiter: the caller is told what it would wait
// for (BlockedOn) and comes back.
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
#include "replay/table/writer_ledger.h"

namespace recbots::replay {

struct TableOptions {
  // For messages, streams and checkpoints.
  std::string name = "transitions";
  // Both bounds hold. 1..2^32-1 rows; at least one row's bytes and bookkeeping. Memory is taken as rows come.
  int64_t capacity_rows = 100'000;
  int64_t capacity_bytes = int64_t{1} << 30;
  SelectorKind sampler = SelectorKind::kUniform;
  // kOldest, kNewest or kLowestPriority.
  SelectorKind remover = SelectorKind::kOldest;
  // alpha of kPrioritized.
  double priority_exponent = 0.6;
  // 0: no bound; at most 65535.
  int32_t max_times_sampled = 0;
  // min_size or queue_size must fit the capacity.
  RateLimiterOptions rate_limiter = {};
  // Writers remembered; about 64 bytes each.
  int64_t max_writers = 4096;
  // Key of the draws: the same operations on a table of the same seed draw the same rows.
  uint64_t seed = 0;
};

// With what the table counted.
struct TableState : TableCounters {
  int64_t rows = 0;      // Held now, leased ones included.
  int64_t bytes = 0;     // Taken by them, bookkeeping included.
  int64_t leased = 0;    // Drawn for the last time and not yet acknowledged.
  int64_t restored = 0;  // Of the rows inserted, what a checkpoint brought.
  // What draws are in proportion to (Selector::total_weight); 0 while fewer than min_size rows came.
  uint64_t total_weight = 0;
  int64_t streams_below = 0;  // Highest of RaiseStreams so far, that of checkpoints included.
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

// What an insert would find.
struct InsertRoom {
  static constexpr int64_t kAnyNumber = std::numeric_limits<int64_t>::max();
  // Rows that the limiter admits at once, and none while the table is full of rows that must not go. A checkpoint,
  // which holds inserts for a moment, does not count.
  int64_t admitted = kAnyNumber;
  int64_t inserted = 0;  // Rows ever inserted.
};

struct SampleResult {
  // kNone: the batch was drawn. Otherwise nothing was.
  BlockedOn blocked_on = BlockedOn::kNone;
  TableState table;  // At the draw.
};

struct PriorityResult {
  int64_t updated = 0;
  int64_t stale = 0;    // Rows that are gone.
  int64_t refused = 0;  // Negative, infinite, NaN.
};

// A table at one moment, but for the bytes of its rows, which the slab keeps as they were until EndCut.
struct FrozenTable {
  v1::FrozenTable header;
  // The arrays that the header lists, one after the other. Reused from cut to cut: memory that was touched before makes
  // the pause short.
  std::vector<char> arrays;
};

class Table {
 public:
  // INVALID_ARGUMENT     a capacity, limiter or sampling setting out of range, min_size over the capacity
  // RESOURCE_EXHAUSTED   no address space for the slab
  static absl::StatusOr<std::unique_ptr<Table>> Create(RowSchema schema, const TableOptions& options);

  // One more stream of that writer; the result is its high-water mark, 0 for a new one. Pair with CloseWriter.
  //   RESOURCE_EXHAUSTED  max_writers writers are open
  absl::StatusOr<int64_t> OpenWriter(const WriterId& id) ABSL_LOCKS_EXCLUDED(mu_);
  void CloseWriter(const WriterId& id) ABSL_LOCKS_EXCLUDED(mu_);

  // What the rows mean; without fields: it is not known. AdoptIdentity: `theirs` is what they mean, where that was not
  // known before.
  v1::ExperimentIdentity identity() const ABSL_LOCKS_EXCLUDED(mu_);
  void AdoptIdentity(const v1::ExperimentIdentity& theirs) ABSL_LOCKS_EXCLUDED(mu_);
  // Random streams below it are given to actors, or will be: remembered, here and in checkpoints, for learners to come.
  void RaiseStreams(int64_t streams_below) ABSL_LOCKS_EXCLUDED(mu_);

  // Stores rows first_sequence.. of an open writer, num_rows x row_bytes bytes of `rows`, as far as limiter and room
  // admit; skips those that are in already. Several streams of one writer may race: each row still goes in once, in
  // sequence. `priorities`: one per row, finite and at least 0 (the caller has checked), or empty: the highest priority
  // the table has seen, 1 at first (Schaul et al. 2016, algorithm 1, line 6).
  //   INVALID_ARGUMENT     first_sequence is beyond the writer's mark: rows between are missing; nothing was stored
  //   FAILED_PRECONDITION  the writer is not open
  absl::StatusOr<InsertResult> Insert(const WriterId& id, int64_t first_sequence, ByteRuns rows, int64_t num_rows,
                                      absl::Span<const float> priorities = {}) ABSL_LOCKS_EXCLUDED(mu_);

  InsertRoom insert_room() const ABSL_LOCKS_EXCLUDED(mu_);

  // For writers in this process, which never send twice: stores as many as are admitted, returns how many.
  int64_t Append(const char* rows, int64_t num_rows, absl::Span<const float> priorities = {}) ABSL_LOCKS_EXCLUDED(mu_);

  // Draws num_rows >= 1 rows with replacement (as far as max_times_sampled lets it) into schema().batch_bytes(num_rows)
  // bytes at `columns` (padding between columns is not written), their keys and the probabilities of the draws, each
  // num_rows long; charges the limiter. Either all rows are drawn or none (what lies at the three is undefined then).
  // Draws follow from the seed and from what was done to the table before, call by call.
  SampleResult Sample(int64_t num_rows, char* columns, ItemKey* keys, float* probabilities) ABSL_LOCKS_EXCLUDED(mu_);
  // A batch was used: rows of it that were sampled max_times_sampled times go, once no other batch with them is in
  // flight. Without max_times_sampled there is nothing to do. Keys of rows that are gone are passed over; shards are
  // not looked at.
  void Acknowledge(absl::Span<const ItemKey> keys) ABSL_LOCKS_EXCLUDED(mu_);
  // A batch was not used: takes back its charge and its draws; leased rows may be drawn again, where they were in the
  // order of age. Rows that are gone since count for the ratio of a limiter, not for a queue.
  void Refund(absl::Span<const ItemKey> keys) ABSL_LOCKS_EXCLUDED(mu_);

  // New priorities; as many as keys. What cannot be used is counted and passed over: the table never stops for it.
  PriorityResult UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Copies up to num_rows rows, row-major, from the first-oldest one on, leased ones left out; returns how many there
  // were. For inspection: holds the lock while it looks at every slot and copies (10 ms per million).
  int64_t CopyRows(int64_t first, int64_t num_rows, char* rows) const ABSL_LOCKS_EXCLUDED(mu_);

  TableState state() const ABSL_LOCKS_EXCLUDED(mu_);
  // FAILED_PRECONDITION as RateLimiter::CheckReader, and for batches larger than what max_times_sampled lets be drawn.
  absl::Status CheckReader(int64_t batch_size, int64_t batches_in_flight) const ABSL_LOCKS_EXCLUDED(mu_);
  // The same for a reader that comes to stay: until CloseReader, no change of the limiter makes it wait for ever.
  absl::Status OpenReader(int64_t batch_size, int64_t batches_in_flight) ABSL_LOCKS_EXCLUDED(mu_);
  void CloseReader(int64_t batch_size, int64_t batches_in_flight) ABSL_LOCKS_EXCLUDED(mu_);
  // Changes the limiter while it runs; counters go on, as RateLimiter::Continue says. On error nothing changed.
  //   INVALID_ARGUMENT     as Create, and for another kind
  //   FAILED_PRECONDITION  as CheckReader, for a reader that is open
  absl::Status SetRateLimiter(const RateLimiterOptions& options) ABSL_LOCKS_EXCLUDED(mu_);
  RateLimiterOptions rate_limiter() const ABSL_LOCKS_EXCLUDED(mu_);

  // Checkpoints. Freeze notes everything but the rows' bytes in `frozen` and begins a cut of the slab; ReadSegment then
  // gives the bytes of a segment as they were at the cut, while inserts go on. EndCut frees the copies; a cut that was
  // not kept leaves its segments dirty. One cut at a time. Freeze of several tables at one moment: Store. Row i of the
  // used slots lies at byte i x row_bytes of the segments laid end to end.
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION(mu_) { mu_.Lock(); }
  void Unlock() ABSL_UNLOCK_FUNCTION(mu_) { mu_.Unlock(); }
  void FreezeLocked(FrozenTable& frozen) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes room in `frozen` for what Freeze will note, and touches it: call it before the lock is taken.
  void PrepareFreeze(FrozenTable& frozen) const ABSL_LOCKS_EXCLUDED(mu_);
  // Segments (of Slab::kSegmentBytes) that changed since the last cut that was kept, ascending; all that hold rows for
  // a new table or a restored one. Constant during a cut.
  std::vector<int64_t> dirty_segments() const ABSL_LOCKS_EXCLUDED(mu_);
  // During a cut: copies one of dirty_segments() to `to`, as it was at the cut, in pieces of 256 KiB, each under the
  // lock. Returns its bytes: Slab::kSegmentBytes, or less for the last one in use. Each of them once: inserts write
  // there again without a copy.
  int64_t ReadSegment(int64_t segment, char* to) ABSL_LOCKS_EXCLUDED(mu_);
  void EndCut(bool kept) ABSL_LOCKS_EXCLUDED(mu_);
  // Inserts that found no memory to copy what a cut still needs wait (BlockedOn::kCheckpoint); true from then on until
  // one gets through or the cut ends.
  bool waits_for_cut() const { return waits_for_cut_.load(std::memory_order_relaxed); }
  // Memory for such copies, over all tables that share it (none: as much as it takes). Call before the first cut.
  void SetCopyPool(std::shared_ptr<CopyPool> pool) ABSL_LOCKS_EXCLUDED(mu_);
  // What FrozenTable::arrays takes when every slot is in use.
  int64_t max_frozen_bytes() const;

  // Takes over a table that was frozen: `read(first, count, to)` reads row bytes of its slots, ascending, each once.
  // With the same schema, slots, sampler, remover, exponent and max_times_sampled the table goes on bit for bit: keys,
  // draws (the seed is the frozen one), limiter counters, writers. Otherwise the options of this table win: rows are
  // inserted again in order of age, the newest where not all fit, and `differences` says what differs. What the frozen
  // rows mean is not compared: the caller has done that (checkpoint/restore.h); a table that does not know it takes it
  // over. For rows with max_times_sampled, draws in flight are refunded, oldest first. Draws of other rows are not
  // tracked. Call it before anything else; on error the table is as new.
  //   FAILED_PRECONDITION  another schema; names the first difference
  //   DATA_LOSS            arrays that do not fit the header or each other; names what and where
  //   others               what `read` returned
  using ReadSlots = std::function<absl::Status(int64_t first, int64_t count, char* to)>;
  absl::Status Restore(const FrozenTable& frozen, const ReadSlots& read, std::vector<std::string>& differences)
      ABSL_LOCKS_EXCLUDED(mu_);
  // What writers have in the newest checkpoint: set after it was finished. 0 for writers not in it.
  void SetDurable(const v1::FrozenTable& frozen) ABSL_LOCKS_EXCLUDED(mu_);
  int64_t DurableRows(const WriterId& id) const ABSL_LOCKS_EXCLUDED(mu_);

  const RowSchema& schema() const { return schema_; }
  const TableOptions& options() const { return options_; }
  const std::string& name() const { return options_.name; }
  // Rows that fit both bounds, and the bytes that this many rows take, bookkeeping included.
  int64_t capacity() const { return capacity_; }
  int64_t max_bytes() const { return capacity_ * slot_bytes_; }
  // Random per table and process: tells a restarted server from the one before.
  uint64_t incarnation() const { return incarnation_; }

 private:
  // Rows of one piece: what is inserted, or drawn, under one hold of the lock.
  static constexpr int64_t kInsertRows = 64;
  static constexpr int64_t kGatherRows = 1024;

  // Holds the lock for the learner's side: writers that have it soon let it pass.
  class ABSL_SCOPED_LOCKABLE LearnerLock {
   public:
    explicit LearnerLock(Table* table) ABSL_EXCLUSIVE_LOCK_FUNCTION(table->mu_);
    ~LearnerLock() ABSL_UNLOCK_FUNCTION();

   private:
    Table* const table_;
  };

  Table(RowSchema schema, const TableOptions& options, RateLimiter limiter, int64_t capacity);
  // Makes what can fail.
  absl::Status Init();
  // Returns after at most one of the learner's side that was waiting has had its turn.
  void LetLearnerPass() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // table_insert.cc. Rows of a piece and the slots they are to lie in.
  struct Piece {
    ByteRuns* rows;
    absl::Span<const float> priorities;
    int64_t wanted = 0;
    int64_t taken = 0;
    BlockedOn blocked_on = BlockedOn::kNone;  // Why no more were taken.
    uint32_t slots[kInsertRows];
  };
  // Stores up to one piece of what is admitted, reads it from `rows`; returns the rows taken, and why none was.
  int64_t InsertPiece(ByteRuns& rows, int64_t num_rows, absl::Span<const float> priorities, BlockedOn& blocked_on)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeFreeSlots(Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EvictRows(Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void NoteRow(Piece& piece, uint32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CopyRowsIn(const Piece& piece) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The row that goes next, or Slots::kNone: none may.
  uint32_t NextToGo() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool TouchRow(uint32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return slab_.TouchForWrite(static_cast<int64_t>(slot) * row_bytes_, row_bytes_);
  }
  BlockedOn InsertBlockedOn() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckReaderLocked(int64_t batch_size, int64_t batches_in_flight) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // table_sample.cc.
  // Draws and gathers rows first.. of a batch; returns how many were drawn, fewer when no more may be.
  int64_t SamplePiece(Rng& rng, int64_t first, int64_t rows, int64_t batch_rows, char* columns, ItemKey* keys,
                      float* probabilities) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Draws as far as max_times_sampled lets it.
  int64_t DrawCounted(Rng& rng, absl::Span<uint32_t> slots, float* probabilities) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Consume(uint32_t slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Draws that do not count; returns how many of the rows are still there.
  int64_t GiveBack(absl::Span<const ItemKey> keys) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void UpdatePiece(absl::Span<const ItemKey> keys, absl::Span<const float> priorities, PriorityResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  BlockedOn SampleBlockedOn(int64_t rows) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  TableState StateLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // Whether a row of that priority may be drawn, and how often a slot's row still may.
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
  // Both fill slots and selectors; nothing of what they write counts before Commit.
  absl::Status ThawInPlace(Thaw& thaw, const ReadSlots& read) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ThawByAge(Thaw& thaw, const ReadSlots& read) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Commit(Thaw& thaw) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ContinueLimiter(Thaw& thaw) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const RowSchema schema_;
  const TableOptions options_;  // But for the limiter's, which may change.
  const int64_t capacity_;
  const int64_t row_bytes_;
  const int64_t slot_bytes_;  // Of a row and its bookkeeping.
  const int64_t insert_rows_;
  const int64_t gather_rows_;
  const bool counted_;    // max_times_sampled is set.
  const bool by_weight_;  // The sampler draws no row of priority 0.
  const uint64_t incarnation_;

  mutable std::atomic<int> learners_waiting_{0};  // Raised without the lock, lowered under it.
  std::atomic<bool> waits_for_cut_{false};        // Written under the lock.

  mutable Mutex mu_;
  mutable int64_t learner_turns_ ABSL_GUARDED_BY(mu_) = 0;
  RateLimiter limiter_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<int64_t, int64_t>> readers_ ABSL_GUARDED_BY(mu_);  // Batch sizes, and batches in flight.
  WriterLedger ledger_ ABSL_GUARDED_BY(mu_);
  Slab slab_ ABSL_GUARDED_BY(mu_);
  Slots slots_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Selector> sampler_ ABSL_GUARDED_BY(mu_);  // Rows that may be drawn: all but leased ones.
  std::unique_ptr<Selector> remover_ ABSL_GUARDED_BY(mu_);  // All rows but those that were found leased when in front.
  float highest_priority_ ABSL_GUARDED_BY(mu_) = 1;
  int64_t draws_left_ ABSL_GUARDED_BY(mu_) = 0;  // Sum of DrawsLeft over all rows.
  uint64_t seed_ ABSL_GUARDED_BY(mu_);
  uint64_t batches_drawn_ ABSL_GUARDED_BY(mu_) = 0;
  v1::ExperimentIdentity identity_ ABSL_GUARDED_BY(mu_);
  int64_t streams_below_ ABSL_GUARDED_BY(mu_) = 0;
  TableCounters counters_ ABSL_GUARDED_BY(mu_);
  // As in TableState.
  int64_t leased_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t restored_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace recbots::replay
