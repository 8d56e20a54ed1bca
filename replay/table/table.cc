#include "replay/table/table.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "replay/table/gather.h"

namespace recbots::replay {
namespace {

constexpr int64_t kPieceBytes = 32 << 10;
constexpr int64_t kGatherRows = 1024;
constexpr int64_t kMaxCapacityRows = 0xFFFFFFFF;  // Draws have 32 bits.

uint64_t RandomIncarnation() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

absl::StatusOr<int64_t> CapacityOf(const RowSchema& schema, const TableOptions& options) {
  const auto row_bytes = static_cast<int64_t>(schema.row_bytes());
  if (options.capacity_rows < 1 || options.capacity_rows > kMaxCapacityRows) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay table: capacity_rows ", options.capacity_rows, ", want 1..", kMaxCapacityRows));
  }
  if (options.capacity_bytes < row_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("replay table: capacity_bytes ", options.capacity_bytes,
                                                   ", want at least the ", row_bytes, " of a row"));
  }
  if (options.max_writers < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay table: max_writers ", options.max_writers, ", want at least 1"));
  }
  const int64_t capacity = std::min(options.capacity_rows, options.capacity_bytes / row_bytes);
  if (options.rate_limiter.min_size > capacity) {
    return absl::InvalidArgumentError(absl::StrCat(
        "replay table: min_size ", options.rate_limiter.min_size, ", want at most the capacity, ", capacity,
        " rows (capacity_rows ", options.capacity_rows, ", capacity_bytes ", options.capacity_bytes, ")"));
  }
  return capacity;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Table>> Table::Create(RowSchema schema, const TableOptions& options) {
  RECBOTS_CHECK(!schema.columns().empty());
  RECBOTS_ASSIGN_OR_RETURN(RateLimiter limiter, RateLimiter::Create(options.rate_limiter));
  RECBOTS_ASSIGN_OR_RETURN(const int64_t capacity, CapacityOf(schema, options));
  RECBOTS_ASSIGN_OR_RETURN(Slab slab, Slab::Create(static_cast<size_t>(capacity) * schema.row_bytes()));
  return std::unique_ptr<Table>(new Table(std::move(schema), options, std::move(limiter), std::move(slab), capacity));
}

Table::Table(RowSchema schema, const TableOptions& options, RateLimiter limiter, Slab slab, int64_t capacity)
    : schema_(std::move(schema)),
      options_(options),
      slab_(std::move(slab)),
      capacity_(capacity),
      piece_rows_(std::max<int64_t>(1, kPieceBytes / static_cast<int64_t>(schema_.row_bytes()))),
      incarnation_(RandomIncarnation()),
      limiter_(std::move(limiter)),
      ledger_(options.max_writers) {}

absl::StatusOr<int64_t> Table::OpenWriter(const WriterId& id) {
  MutexLock lock(&mu_);
  RECBOTS_RETURN_IF_ERROR(ledger_.Open(id));
  return *ledger_.Find(id);
}

void Table::CloseWriter(const WriterId& id) {
  MutexLock lock(&mu_);
  ledger_.Close(id);
}

absl::StatusOr<InsertResult> Table::Insert(const WriterId& id, int64_t first_sequence, const char* rows,
                                           int64_t num_rows) {
  const int64_t end = first_sequence + num_rows;
  const auto row_bytes = static_cast<int64_t>(schema_.row_bytes());
  InsertResult result;
  int64_t next = first_sequence;  // Of the rows not yet dealt with.
  while (true) {
    MutexLock lock(&mu_);
    LetSamplerPass();
    int64_t* const mark = ledger_.Find(id);
    if (mark == nullptr) return absl::FailedPreconditionError("replay table: the writer is not open");
    if (next > *mark) {
      return absl::InvalidArgumentError(
          absl::StrCat("replay table: first_sequence ", next, ", want at most ", *mark, ": rows between are missing"));
    }
    const int64_t skipped = std::min(*mark, end) - next;
    duplicates_ += skipped;
    result.duplicates += skipped;
    next += skipped;
    const int64_t taken = InsertPiece(rows + (next - first_sequence) * row_bytes, end - next);
    next += taken;
    *mark += taken;
    result.inserted += taken;
    result.acknowledged_rows = *mark;
    if (next == end) return result;
    if (taken == 0) {
      result.blocked_on = BlockedOn::kSpiInsert;
      return result;
    }
  }
}

int64_t Table::Append(const char* rows, int64_t num_rows) {
  const auto row_bytes = static_cast<int64_t>(schema_.row_bytes());
  int64_t done = 0;
  while (done < num_rows) {
    MutexLock lock(&mu_);
    LetSamplerPass();
    const int64_t taken = InsertPiece(rows + done * row_bytes, num_rows - done);
    if (taken == 0) break;
    done += taken;
  }
  return done;
}

SampleResult Table::Sample(Rng rng, int64_t num_rows, char* columns) {
  SampleResult result;
  for (int64_t done = 0; done < num_rows; done += kGatherRows) {
    samplers_waiting_.fetch_add(1, std::memory_order_relaxed);
    MutexLock lock(&mu_);
    samplers_waiting_.fetch_sub(1, std::memory_order_relaxed);
    ++sampler_turns_;
    if (done == 0) {
      result.blocked_on = limiter_.SampleBlockedOn(num_rows);
      if (result.blocked_on != BlockedOn::kNone) {
        result.table = StateLocked();
        return result;
      }
      limiter_.Sampled(num_rows);
      sampled_ += num_rows;
      result.table = StateLocked();
    }
    GatherDraws(rng, done, std::min(kGatherRows, num_rows - done), num_rows, columns);
  }
  return result;
}

void Table::Refund(int64_t rows) {
  MutexLock lock(&mu_);
  limiter_.Refunded(rows);
  refunded_ += rows;
}

int64_t Table::CopyRows(int64_t first, int64_t num_rows, char* rows) const {
  MutexLock lock(&mu_);
  const auto row_bytes = static_cast<int64_t>(schema_.row_bytes());
  const int64_t count = std::clamp<int64_t>(std::min(inserted_, capacity_) - first, 0, num_rows);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t slot = (OldestSlot() + first + i) % capacity_;
    std::memcpy(rows + i * row_bytes, slab_.data() + slot * row_bytes, schema_.row_bytes());
  }
  return count;
}

TableState Table::state() const {
  MutexLock lock(&mu_);
  return StateLocked();
}

absl::Status Table::CheckReader(int64_t batch_size, int64_t batches_in_flight) const {
  MutexLock lock(&mu_);
  return limiter_.CheckReader(batch_size, batches_in_flight);
}

void Table::LetSamplerPass() {
  if (samplers_waiting_.load(std::memory_order_relaxed) == 0) return;
  const int64_t turns = sampler_turns_;
  const auto passed = [this, turns]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return sampler_turns_ != turns || samplers_waiting_.load(std::memory_order_relaxed) == 0;
  };
  // A sampler that announced itself is about to take the lock; the bound is for a machine that stands still.
  mu_.AwaitFor(passed, absl::Milliseconds(10));
}

int64_t Table::InsertPiece(const char* rows, int64_t num_rows) {
  const int64_t admitted = limiter_.AdmittedInserts(std::min({num_rows, piece_rows_, capacity_}));
  const auto row_bytes = static_cast<int64_t>(schema_.row_bytes());
  const int64_t before_wrap = std::min(admitted, capacity_ - head_);
  std::memcpy(slab_.data() + head_ * row_bytes, rows, static_cast<size_t>(before_wrap * row_bytes));
  const int64_t after_wrap = admitted - before_wrap;
  if (after_wrap > 0) {
    std::memcpy(slab_.data(), rows + before_wrap * row_bytes, static_cast<size_t>(after_wrap * row_bytes));
  }
  head_ += admitted;
  if (head_ >= capacity_) head_ -= capacity_;
  inserted_ += admitted;
  limiter_.Inserted(admitted);
  return admitted;
}

void Table::GatherDraws(Rng& rng, int64_t first_row, int64_t rows, int64_t batch_rows, char* columns) {
  std::array<const char*, kGatherRows> draws;
  const auto held = static_cast<uint32_t>(std::min(inserted_, capacity_));
  const int64_t oldest = OldestSlot();
  const auto row_bytes = static_cast<int64_t>(schema_.row_bytes());
  for (int64_t i = 0; i < rows; ++i) {
    int64_t slot = oldest + rng.Index(held);  // By age, so that a draw does not depend on where the ring began.
    if (slot >= capacity_) slot -= capacity_;
    draws[static_cast<size_t>(i)] = slab_.data() + slot * row_bytes;
  }
  GatherRows(schema_, absl::MakeConstSpan(draws.data(), static_cast<size_t>(rows)), static_cast<size_t>(first_row),
             static_cast<size_t>(batch_rows), columns);
}

TableState Table::StateLocked() const {
  TableState state;
  state.rows = std::min(inserted_, capacity_);
  state.inserted = inserted_;
  state.sampled = sampled_;
  state.refunded = refunded_;
  state.duplicates = duplicates_;
  state.inserts_blocked_on = limiter_.InsertBlockedOn();
  state.samples_blocked_on = limiter_.SampleBlockedOn(1);
  return state;
}

}  // namespace recbots::replay
