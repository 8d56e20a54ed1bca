// Table: rows in.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "replay/table/table.h"

namespace recbots::replay {

absl::StatusOr<InsertResult> Table::Insert(const WriterId& id, int64_t first_sequence, ByteRuns rows, int64_t num_rows,
                                           absl::Span<const float> priorities) {
  const int64_t end = first_sequence + num_rows;
  InsertResult result;
  int64_t next = first_sequence;  // Of the rows not yet dealt with.
  while (true) {
    MutexLock lock(&mu_);
    LetLearnerPass();
    int64_t* const mark = ledger_.Find(id);
    if (mark == nullptr) return absl::FailedPreconditionError("replay table: the writer is not open");
    if (next > *mark) {
      return absl::InvalidArgumentError(
          absl::StrCat("replay table: first_sequence ", next, ", want at most ", *mark, ": rows between are missing"));
    }
    const int64_t skipped = std::min(*mark, end) - next;
    rows.Skip(static_cast<size_t>(skipped * row_bytes_));
    counters_.duplicates += skipped;
    result.duplicates += skipped;
    next += skipped;
    const auto theirs =
        priorities.empty() ? priorities : priorities.subspan(static_cast<size_t>(next - first_sequence));
    const int64_t taken = InsertPiece(rows, end - next, theirs, result.blocked_on);
    next += taken;
    *mark += taken;
    result.inserted += taken;
    result.acknowledged_rows = *mark;
    if (next == end || taken == 0) return result;
  }
}

InsertRoom Table::insert_room() const {
  MutexLock lock(&mu_);
  const bool full = InsertBlockedOn() == BlockedOn::kCapacity;
  return {.admitted = full ? 0 : limiter_.AdmittedInserts(InsertRoom::kAnyNumber), .inserted = counters_.inserted};
}

int64_t Table::Append(const char* rows, int64_t num_rows, absl::Span<const float> priorities) {
  const absl::string_view bytes(rows, static_cast<size_t>(num_rows * row_bytes_));
  ByteRuns runs(absl::MakeConstSpan(&bytes, 1));
  int64_t done = 0;
  while (done < num_rows) {
    MutexLock lock(&mu_);
    LetLearnerPass();
    const auto theirs = priorities.empty() ? priorities : priorities.subspan(static_cast<size_t>(done));
    BlockedOn blocked_on = BlockedOn::kNone;
    const int64_t taken = InsertPiece(runs, num_rows - done, theirs, blocked_on);
    if (taken == 0) break;
    done += taken;
  }
  return done;
}

int64_t Table::InsertPiece(ByteRuns& rows, int64_t num_rows, absl::Span<const float> priorities,
                           BlockedOn& blocked_on) {
  Piece piece;
  piece.rows = &rows;
  piece.priorities = priorities;
  const int64_t most = std::min(num_rows, insert_rows_);
  piece.wanted = limiter_.AdmittedInserts(most);
  if (piece.wanted < most) piece.blocked_on = BlockedOn::kSpiInsert;
  TakeFreeSlots(piece);
  if (piece.taken < piece.wanted) EvictRows(piece);
  CopyRowsIn(piece);
  limiter_.Inserted(piece.taken);
  blocked_on = piece.taken == 0 ? piece.blocked_on : BlockedOn::kNone;
  if (num_rows > 0) waits_for_cut_.store(blocked_on == BlockedOn::kCheckpoint, std::memory_order_relaxed);
  return piece.taken;
}

void Table::TakeFreeSlots(Piece& piece) {
  const int64_t first = piece.taken;
  while (piece.taken < piece.wanted) {
    const uint32_t slot = slots_.NextFree();
    if (slot == Slots::kNone) break;
    if (!TouchRow(slot)) {
      piece.wanted = piece.taken;
      piece.blocked_on = BlockedOn::kCheckpoint;
      break;
    }
    slots_.TakeFree();
    NoteRow(piece, slot);
  }
  if (piece.taken == first) return;
  const auto added = absl::MakeConstSpan(piece.slots + first, static_cast<size_t>(piece.taken - first));
  sampler_->Insert(added);
  remover_->Insert(added);
}

void Table::EvictRows(Piece& piece) {
  const int64_t first = piece.taken;
  while (piece.taken < piece.wanted) {
    // One by one, because a row that has just come may be the next to go.
    const uint32_t slot = NextToGo();
    if (slot == Slots::kNone || !TouchRow(slot)) {
      piece.wanted = piece.taken;
      piece.blocked_on = slot == Slots::kNone ? BlockedOn::kCapacity : BlockedOn::kCheckpoint;
      break;
    }
    ++counters_.evicted;
    if (counted_) draws_left_ -= DrawsLeft(slot);
    slots_.Renew(slot);
    NoteRow(piece, slot);
    remover_->Replace({&slot, 1});
  }
  sampler_->Replace(absl::MakeConstSpan(piece.slots + first, static_cast<size_t>(piece.taken - first)));
}

uint32_t Table::NextToGo() {
  if (limiter_.options().kind == RateLimiterOptions::Kind::kQueue) return Slots::kNone;
  while (remover_->size() > 0) {
    const uint32_t slot = remover_->Front();
    if (!Leased(slot)) return slot;
    // Until a refund gives it back, the row stays out of the remover; each lease is passed here once at most.
    remover_->Remove({&slot, 1});
    slots_.set_parked(slot, true);
  }
  return Slots::kNone;
}

void Table::NoteRow(Piece& piece, uint32_t slot) {
  float priority = highest_priority_;
  if (!piece.priorities.empty()) {
    priority = piece.priorities[static_cast<size_t>(piece.taken)];
    highest_priority_ = std::max(highest_priority_, priority);
  }
  slots_.priorities[slot] = priority;
  slots_.ages[slot] = static_cast<uint64_t>(counters_.inserted++);
  if (counted_) {
    slots_.times[slot] = 0;
    slots_.pending[slot] = 0;
    draws_left_ += DrawsLeft(slot);
  }
  piece.slots[piece.taken++] = slot;
}

void Table::CopyRowsIn(const Piece& piece) {
  for (int64_t begin = 0; begin < piece.taken;) {
    int64_t end = begin + 1;
    while (end < piece.taken && piece.slots[end] == piece.slots[end - 1] + 1) ++end;
    piece.rows->Read(RowAt(piece.slots[begin]), static_cast<size_t>((end - begin) * row_bytes_));
    begin = end;
  }
}

BlockedOn Table::InsertBlockedOn() const {
  if (limiter_.InsertBlockedOn() != BlockedOn::kNone) return limiter_.InsertBlockedOn();
  const bool keeps_all = limiter_.options().kind == RateLimiterOptions::Kind::kQueue;
  if (slots_.NextFree() == Slots::kNone && (keeps_all || leased_ == slots_.num_held())) return BlockedOn::kCapacity;
  return waits_for_cut() ? BlockedOn::kCheckpoint : BlockedOn::kNone;
}

}  // namespace recbots::replay
