#include "replay/table/table.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"

namespace recbots::replay {
namespace {

constexpr int64_t kInsertBytes = 32 << 10;
constexpr int64_t kGatherBytes = 256 << 10;

uint64_t RandomBits() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// "replay table 'transitions': what value, want bound".
template <typename... Args>
absl::Status Refusal(const TableOptions& options, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat("replay table '", options.name, "': ", args...));
}

int64_t SlotBytes(const RowSchema& schema, const TableOptions& options) {
  return static_cast<int64_t>(schema.row_bytes() + Slots::BytesPerSlot(options.max_times_sampled > 0) +
                              TraitsOf(options.sampler)->bytes_per_slot + TraitsOf(options.remover)->bytes_per_slot);
}

absl::StatusOr<int64_t> CapacityOf(const RowSchema& schema, const TableOptions& options) {
  const int64_t slot_bytes = SlotBytes(schema, options);
  if (options.capacity_bytes < slot_bytes) {
    return Refusal(options, "capacity_bytes ", options.capacity_bytes, ", want at least the ", slot_bytes,
                   " of a row and its bookkeeping");
  }
  return std::min(options.capacity_rows, options.capacity_bytes / slot_bytes);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Table>> Table::Create(RowSchema schema, const TableOptions& options) {
  RECBOTS_CHECK(!schema.columns().empty());
  RECBOTS_RETURN_IF_ERROR(CheckTableOptions(options));
  RECBOTS_ASSIGN_OR_RETURN(RateLimiter limiter, RateLimiter::Create(options.rate_limiter));
  RECBOTS_ASSIGN_OR_RETURN(const int64_t capacity, CapacityOf(schema, options));
  RECBOTS_RETURN_IF_ERROR(CheckLimiterFits(options, options.rate_limiter, capacity));
  std::unique_ptr<Table> table(new Table(std::move(schema), options, std::move(limiter), capacity));
  RECBOTS_RETURN_IF_ERROR(table->Init());
  return table;
}

Table::Table(RowSchema schema, const TableOptions& options, RateLimiter limiter, int64_t capacity)
    : schema_(std::move(schema)),
      options_(options),
      capacity_(capacity),
      row_bytes_(static_cast<int64_t>(schema_.row_bytes())),
      slot_bytes_(SlotBytes(schema_, options)),
      insert_rows_(std::clamp<int64_t>(kInsertBytes / row_bytes_, 1, kInsertRows)),
      gather_rows_(std::clamp<int64_t>(kGatherBytes / row_bytes_, 1, kGatherRows)),
      counted_(options.max_times_sampled > 0),
      by_weight_(TraitsOf(options.sampler)->by_weight),
      incarnation_(RandomBits()),
      limiter_(std::move(limiter)),
      ledger_(options.max_writers),
      seed_(options.seed) {}

absl::Status Table::Init() {
  MutexLock lock(&mu_);
  const auto num_slots = static_cast<uint32_t>(capacity_);
  RECBOTS_ASSIGN_OR_RETURN(slab_, Slab::Create(static_cast<size_t>(capacity_ * row_bytes_)));
  RECBOTS_ASSIGN_OR_RETURN(slots_, Slots::Create(num_slots, counted_, static_cast<uint32_t>(RandomBits())));
  const auto make = [&](SelectorKind kind, const SlotKeys& keys) {
    return MakeSelector(kind, num_slots, options_.priority_exponent, keys);
  };
  RECBOTS_ASSIGN_OR_RETURN(sampler_, make(options_.sampler, slots_.keys()));
  RECBOTS_ASSIGN_OR_RETURN(remover_, make(options_.remover, slots_.keys()));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> Table::OpenWriter(const WriterId& id) {
  MutexLock lock(&mu_);
  RECBOTS_RETURN_IF_ERROR(ledger_.Open(id));
  return *ledger_.Find(id);
}

void Table::CloseWriter(const WriterId& id) {
  MutexLock lock(&mu_);
  ledger_.Close(id);
}

v1::ExperimentIdentity Table::identity() const {
  MutexLock lock(&mu_);
  return identity_;
}

void Table::AdoptIdentity(const v1::ExperimentIdentity& theirs) {
  MutexLock lock(&mu_);
  if (!Says(identity_)) identity_ = theirs;
}

bool Table::TakeOver(const v1::ExperimentIdentity& theirs) {
  MutexLock lock(&mu_);
  if (!std::exchange(identity_restored_, false)) return false;
  identity_ = theirs;
  return true;
}

void Table::RaiseStreams(int64_t streams_below) {
  MutexLock lock(&mu_);
  streams_below_ = std::max(streams_below_, streams_below);
}

Table::LearnerLock::LearnerLock(Table* table) : table_(table) {
  table_->learners_waiting_.fetch_add(1, std::memory_order_relaxed);
  table_->mu_.Lock();
  table_->learners_waiting_.fetch_sub(1, std::memory_order_relaxed);
  ++table_->learner_turns_;
}

Table::LearnerLock::~LearnerLock() { table_->mu_.Unlock(); }

void Table::LetLearnerPass() const {
  if (learners_waiting_.load(std::memory_order_relaxed) == 0) return;
  const int64_t turns = learner_turns_;
  const auto passed = [this, turns]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return learner_turns_ != turns || learners_waiting_.load(std::memory_order_relaxed) == 0;
  };
  // The caller that raised learners_waiting_ is about to take the lock. The bound is for a machine that stands still.
  mu_.AwaitFor(passed, absl::Milliseconds(10));
}

int64_t Table::CopyRows(int64_t first, int64_t num_rows, char* rows) const {
  MutexLock lock(&mu_);
  std::vector<uint32_t> by_age;
  by_age.reserve(slots_.num_held());
  for (uint32_t slot = 0; slot < slots_.used(); ++slot) {
    if (slots_.held(slot) && !Leased(slot)) by_age.push_back(slot);
  }
  const auto held = static_cast<int64_t>(by_age.size());
  const int64_t begin = std::clamp<int64_t>(first, 0, held);
  const int64_t end = begin + std::clamp<int64_t>(num_rows, 0, held - begin);
  const auto older = [this](uint32_t a, uint32_t b)
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return slots_.ages[a] < slots_.ages[b]; };
  if (begin > 0) std::nth_element(by_age.begin(), by_age.begin() + begin - 1, by_age.end(), older);
  std::partial_sort(by_age.begin() + begin, by_age.begin() + end, by_age.end(), older);
  for (int64_t i = begin; i < end; ++i) {
    std::memcpy(rows + (i - begin) * row_bytes_, RowAt(by_age[static_cast<size_t>(i)]), schema_.row_bytes());
  }
  return end - begin;
}

TableState Table::state() const {
  MutexLock lock(&mu_);
  return StateLocked();
}

TableState Table::StateLocked() const {
  TableState state{counters_};
  state.rows = slots_.num_held();
  state.bytes = state.rows * slot_bytes_;
  state.leased = leased_;
  state.restored = restored_;
  state.streams_below = streams_below_;
  state.total_weight = limiter_.SampleBlockedOn(1) == BlockedOn::kMinSize ? 0 : sampler_->total_weight();
  state.inserts_blocked_on = InsertBlockedOn();
  state.samples_blocked_on = SampleBlockedOn(1);
  return state;
}

absl::Status Table::CheckReader(int64_t batch_size, int64_t batches_in_flight) const {
  MutexLock lock(&mu_);
  return CheckReaderLocked(batch_size, batches_in_flight);
}

absl::Status Table::CheckReaderLocked(int64_t batch_size, int64_t batches_in_flight) const {
  if (counted_ && batch_size > capacity_ * options_.max_times_sampled) {
    return absl::FailedPreconditionError(absl::StrCat("replay table '", name(), "': batch_size ", batch_size,
                                                      ", want at most the capacity, ", capacity_,
                                                      " rows, x max_times_sampled ", options_.max_times_sampled));
  }
  return limiter_.CheckReader(batch_size, batches_in_flight);
}

absl::Status Table::OpenReader(int64_t batch_size, int64_t batches_in_flight) {
  MutexLock lock(&mu_);
  RECBOTS_RETURN_IF_ERROR(CheckReaderLocked(batch_size, batches_in_flight));
  readers_.emplace_back(batch_size, batches_in_flight);
  return absl::OkStatus();
}

void Table::CloseReader(int64_t batch_size, int64_t batches_in_flight) {
  MutexLock lock(&mu_);
  const auto found = std::find(readers_.begin(), readers_.end(), std::pair(batch_size, batches_in_flight));
  RECBOTS_CHECK(found != readers_.end());
  readers_.erase(found);
}

absl::Status Table::SetRateLimiter(const RateLimiterOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(RateLimiter limiter, RateLimiter::Create(options));
  RECBOTS_RETURN_IF_ERROR(CheckLimiterFits(options_, options, capacity_));
  if (options.kind != options_.rate_limiter.kind) {
    return Refusal(options_, "rate limiter of another kind, want the one it was made with (ratio or queue)");
  }
  MutexLock lock(&mu_);
  for (const auto& [batch_size, batches_in_flight] : readers_) {
    const absl::Status status = limiter.CheckReader(batch_size, batches_in_flight);
    if (status.ok()) continue;
    return absl::Status(status.code(), absl::StrCat(status.message(), ", of a reader that is connected"));
  }
  limiter.Continue(limiter_.inserted(), limiter_.sampled(), limiter_.settings());
  limiter_ = limiter;
  return absl::OkStatus();
}

RateLimiterOptions Table::rate_limiter() const {
  MutexLock lock(&mu_);
  return limiter_.options();
}

}  // namespace recbots::replay
