// The part of Table that freezes, reads a cut and restores.
#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"
#include "replay/table/frozen_arrays.h"
#include "replay/table/table.h"

namespace recbots::replay {
namespace {

constexpr size_t kFixedBytes = 256;              // An upper bound for all that does not depend on slots.
constexpr int64_t kRestoreBytes = 4 << 20;       // Bytes to read at once.
constexpr int64_t kRowsComeMeanwhile = 1 << 16;  // Expect at least this many rows between PrepareFreeze and Freeze.

template <typename... Args>
absl::Status Loss(const v1::FrozenTable& header, const Args&... args) {
  return absl::DataLossError(absl::StrCat("frozen table '", header.name(), "': ", args...));
}

// Notes a difference "what: X in the checkpoint, Y here".
template <typename T>
void Note(absl::string_view what, const T& there, const T& here, std::vector<std::string>& differences) {
  if (there != here) differences.push_back(absl::StrCat(what, ": ", there, " in the checkpoint, ", here, " here"));
}

}  // namespace

size_t Table::FrozenBytes() const {
  const size_t used = slots_.used();
  return used * (counted_ ? 20 : 16) + slots_.free().size() * 4 + sampler_->SavedBytes() + remover_->SavedBytes() +
         kFixedBytes;
}

int64_t Table::max_frozen_bytes() const {
  // Slots are given up only if draws are counted.
  const size_t per_slot = (counted_ ? 24 : 16) + TraitsOf(options_.sampler)->saved_bytes_per_slot +
                          TraitsOf(options_.remover)->saved_bytes_per_slot;
  return capacity_ * static_cast<int64_t>(per_slot) + static_cast<int64_t>(kFixedBytes);
}

void Table::PrepareFreeze(FrozenTable& frozen) const {
  // Reserves the full size once, because a growing vector exists twice for a moment; touches only what will be used.
  frozen.arrays.reserve(static_cast<size_t>(max_frozen_bytes()));
  size_t bytes = 0;
  {
    MutexLock lock(&mu_);
    const int64_t used = std::max<int64_t>(1, slots_.used());
    const int64_t soon = std::min(capacity_, used + std::max(used / 8, kRowsComeMeanwhile));
    // A slot takes at most 28 bytes.
    bytes = FrozenBytes() + static_cast<size_t>(soon - slots_.used()) * 28;
  }
  bytes = std::min(bytes, static_cast<size_t>(max_frozen_bytes()));
  if (frozen.arrays.size() < bytes) frozen.arrays.resize(bytes);
}

void Table::FreezeLocked(FrozenTable& frozen) {
  frozen.header.Clear();
  FreezeHeader(frozen.header);
  const size_t bytes = FrozenBytes();
  if (frozen.arrays.size() < bytes) frozen.arrays.resize(bytes);
  char* to = frozen.arrays.data();
  const auto begin = [&](const char* name, size_t size) {
    v1::FrozenArray* const array = frozen.header.add_arrays();
    array->set_name(name);
    array->set_bytes(static_cast<int64_t>(size));
    return std::exchange(to, to + size);
  };
  const auto copy = [&](const char* name, const void* from, size_t size) {
    char* const at = begin(name, size);
    if (size > 0) std::memcpy(at, from, size);
  };
  const size_t used = slots_.used();
  const size_t counted = counted_ ? used : 0;
  copy(kWordsArray, slots_.words.data(), used * sizeof(uint32_t));
  copy(kPrioritiesArray, slots_.priorities.data(), used * sizeof(float));
  copy(kAgesArray, slots_.ages.data(), used * sizeof(uint64_t));
  copy(kTimesArray, slots_.times.data(), counted * sizeof(uint16_t));
  copy(kPendingArray, slots_.pending.data(), counted * sizeof(uint16_t));
  copy(kFreeArray, slots_.free().data(), slots_.free().size() * sizeof(uint32_t));
  sampler_->Save(begin(kSamplerArray, sampler_->SavedBytes()));
  remover_->Save(begin(kRemoverArray, remover_->SavedBytes()));
  const RateLimiter::Settings limiter = limiter_.settings();
  copy(kLimiterArray, limiter.data(), sizeof(limiter));
  const uint32_t base = slots_.base();
  copy(kBaseArray, &base, sizeof(base));
  frozen.arrays.resize(static_cast<size_t>(to - frozen.arrays.data()));
  slab_.BeginCut(static_cast<int64_t>(used) * row_bytes_);
}

void Table::FreezeHeader(v1::FrozenTable& header) const {
  header.set_name(options_.name);
  *header.mutable_schema() = RowSchemaToProto(schema_);
  header.set_num_slots(capacity_);
  header.set_used_slots(slots_.used());
  header.set_sampler(std::string(NameOf(options_.sampler)));
  header.set_remover(std::string(NameOf(options_.remover)));
  header.set_priority_exponent(options_.priority_exponent);
  header.set_max_times_sampled(options_.max_times_sampled);
  for (const auto& [name, member] : kTableCounters) SetCounter(name, counters_.*member, header);
  header.set_highest_priority(highest_priority_);
  header.set_seed(seed_);
  header.set_batches_drawn(batches_drawn_);
  header.set_limiter_inserted(limiter_.inserted());
  header.set_limiter_sampled(limiter_.sampled());
  if (Says(identity_)) *header.mutable_identity() = identity_;
  header.set_streams_below(streams_below_);
  for (const WriterMark& mark : ledger_.Marks()) {
    v1::FrozenWriter* const writer = header.add_writers();
    writer->set_writer_id(mark.id.data(), mark.id.size());
    writer->set_rows(mark.rows);
    writer->set_closed_at(mark.closed_at);
  }
}

std::vector<int64_t> Table::dirty_segments() const {
  MutexLock lock(&mu_);
  return slab_.dirty_segments();
}

int64_t Table::ReadSegment(int64_t segment, char* to) {
  constexpr int64_t kChunks = Slab::kSegmentBytes / Slab::kChunkBytes;
  int64_t bytes = 0;
  for (int64_t chunk = segment * kChunks; chunk < (segment + 1) * kChunks; ++chunk) {
    MutexLock lock(&mu_);
    LetLearnerPass();
    if (chunk * Slab::kChunkBytes >= slab_.cut_bytes()) break;
    bytes += slab_.ReadChunk(chunk, to + bytes);
  }
  return bytes;
}

void Table::EndCut(bool kept) {
  MutexLock lock(&mu_);
  slab_.EndCut(kept);
  waits_for_cut_.store(false, std::memory_order_relaxed);
}

void Table::SetCopyPool(std::shared_ptr<CopyPool> pool) {
  MutexLock lock(&mu_);
  slab_.SetCopyPool(std::move(pool));
}

void Table::SetDurable(const v1::FrozenTable& frozen) {
  std::vector<WriterMark> marks;
  for (const v1::FrozenWriter& writer : frozen.writers()) {
    WriterMark mark{.rows = writer.rows()};
    if (writer.writer_id().size() != mark.id.size()) continue;
    std::memcpy(mark.id.data(), writer.writer_id().data(), mark.id.size());
    marks.push_back(mark);
  }
  MutexLock lock(&mu_);
  ledger_.SetDurable(marks);
}

int64_t Table::DurableRows(const WriterId& id) const {
  MutexLock lock(&mu_);
  return ledger_.durable(id);
}

// A table that is being restored.
struct Table::Thaw {
  explicit Thaw(const v1::FrozenTable& frozen) : header(frozen) {}

  const v1::FrozenTable& header;
  FrozenArrays arrays;
  std::vector<std::string> differences;
  std::unique_ptr<Selector> sampler, remover;
  uint32_t used = 0;  // Slots used in this table
};

absl::Status Table::Restore(const FrozenTable& frozen, const ReadSlots& read, std::vector<std::string>& differences) {
  const v1::FrozenTable& header = frozen.header;
  const absl::StatusOr<RowSchema> schema = RowSchemaFromProto(header.schema());
  if (!schema.ok()) return Loss(header, schema.status().message());
  if (const std::string difference = schema_.DifferenceTo(*schema); !difference.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("replay table '", name(), "': ", difference));
  }
  const absl::string_view bytes(frozen.arrays.data(), frozen.arrays.size());
  Thaw thaw(header);
  RECBOTS_ASSIGN_OR_RETURN(thaw.arrays, ReadFrozenArrays(header, bytes));
  Note("num_slots", header.num_slots(), capacity_, thaw.differences);
  Note("sampler", header.sampler(), std::string(NameOf(options_.sampler)), thaw.differences);
  Note("remover", header.remover(), std::string(NameOf(options_.remover)), thaw.differences);
  if (by_weight_) {
    Note("priority_exponent", header.priority_exponent(), options_.priority_exponent, thaw.differences);
  }
  Note("max_times_sampled", header.max_times_sampled(), options_.max_times_sampled, thaw.differences);
  MutexLock lock(&mu_);
  RECBOTS_CHECK(slots_.used() == 0 && counters_.inserted == 0 && ledger_.size() == 0) << "restored into a table in use";
  const auto make = [&](SelectorKind kind, const SlotKeys& keys) {
    return MakeSelector(kind, static_cast<uint32_t>(capacity_), options_.priority_exponent, keys);
  };
  RECBOTS_ASSIGN_OR_RETURN(thaw.sampler, make(options_.sampler, slots_.keys()));
  RECBOTS_ASSIGN_OR_RETURN(thaw.remover, make(options_.remover, slots_.keys()));
  RECBOTS_RETURN_IF_ERROR(thaw.differences.empty() ? ThawInPlace(thaw, read) : ThawByAge(thaw, read));
  Commit(thaw);
  differences.insert(differences.end(), thaw.differences.begin(), thaw.differences.end());
  return absl::OkStatus();
}

absl::Status Table::ThawInPlace(Thaw& thaw, const ReadSlots& read) {
  const FrozenArrays& arrays = thaw.arrays;
  thaw.used = arrays.used;
  std::copy(arrays.words.begin(), arrays.words.end(), slots_.words.data());
  std::copy(arrays.priorities.begin(), arrays.priorities.end(), slots_.priorities.data());
  std::copy(arrays.ages.begin(), arrays.ages.end(), slots_.ages.data());
  if (counted_) {
    std::copy(arrays.times.begin(), arrays.times.end(), slots_.times.data());
    std::fill_n(slots_.pending.data(), arrays.used, uint16_t{0});
  }
  for (const absl::Status& status :
       {thaw.sampler->Load(arrays.sampler, arrays.drawable), thaw.remover->Load(arrays.remover, arrays.by_age)}) {
    if (!status.ok()) return Loss(thaw.header, status.message());
  }
  thaw.sampler->Insert(arrays.leased);
  const int64_t at_once = std::max<int64_t>(1, kRestoreBytes / row_bytes_);
  for (int64_t first = 0; first < thaw.used; first += at_once) {
    const int64_t count = std::min(at_once, thaw.used - first);
    RECBOTS_RETURN_IF_ERROR(read(first, count, RowAt(static_cast<uint32_t>(first))));
  }
  slots_.Restore(arrays.used, arrays.free, arrays.base);
  return absl::OkStatus();
}

absl::Status Table::ThawByAge(Thaw& thaw, const ReadSlots& read) {
  FrozenArrays& arrays = thaw.arrays;
  const auto sampled_out = [&](uint32_t slot) { return counted_ && arrays.times[slot] >= options_.max_times_sampled; };
  std::vector<uint32_t> kept = arrays.by_age;
  kept.erase(std::remove_if(kept.begin(), kept.end(), sampled_out), kept.end());
  if (static_cast<int64_t>(kept.size()) > capacity_) kept.erase(kept.begin(), kept.end() - capacity_);
  if (kept.size() < arrays.by_age.size()) {
    thaw.differences.push_back(
        absl::StrCat("the newest ", kept.size(), " of ", arrays.by_age.size(), " rows are kept"));
  }
  thaw.used = static_cast<uint32_t>(kept.size());
  std::vector<uint32_t> place(arrays.used, Slots::kNone);  // The slot for the row of each frozen slot.
  std::vector<uint32_t> slots(kept.size());
  for (uint32_t i = 0; i < thaw.used; ++i) {
    const uint32_t from = kept[i];
    place[from] = i;
    slots[i] = i;
    slots_.words[i] = Slots::kHeld | slots_.base();
    slots_.priorities[i] = arrays.priorities[from];
    slots_.ages[i] = arrays.ages[from];
    if (counted_) slots_.times[i] = arrays.times[from];
    if (counted_) slots_.pending[i] = 0;
  }
  thaw.sampler->Insert(slots);
  thaw.remover->Insert(slots);
  // Reads the rows in the order of the frozen slots, the only order in which they can be read.
  const int64_t at_once = std::max<int64_t>(1, kRestoreBytes / row_bytes_);
  std::vector<char> rows(static_cast<size_t>(std::min<int64_t>(at_once, arrays.used) * row_bytes_));
  for (int64_t first = 0; first < arrays.used; first += at_once) {
    const int64_t count = std::min<int64_t>(at_once, arrays.used - first);
    RECBOTS_RETURN_IF_ERROR(read(first, count, rows.data()));
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t to = place[static_cast<size_t>(first + i)];
      if (to != Slots::kNone) std::memcpy(RowAt(to), rows.data() + i * row_bytes_, schema_.row_bytes());
    }
  }
  slots_.Restore(thaw.used, {}, slots_.base());
  return absl::OkStatus();
}

void Table::Commit(Thaw& thaw) {
  const v1::FrozenTable& header = thaw.header;
  sampler_ = std::move(thaw.sampler);
  remover_ = std::move(thaw.remover);
  if (thaw.used > 0) RECBOTS_CHECK(slab_.TouchForWrite(0, thaw.used * row_bytes_));
  for (uint32_t slot = 0; counted_ && slot < thaw.used; ++slot) {
    if (slots_.held(slot)) draws_left_ += DrawsLeft(slot);
  }
  highest_priority_ = header.highest_priority();
  seed_ = header.seed();
  batches_drawn_ = header.batches_drawn();
  counters_ = ReadCounters(header);
  counters_.refunded += thaw.arrays.in_flight;
  restored_ = counters_.inserted;
  if (!Says(identity_)) {
    identity_ = header.identity();
    identity_restored_ = Says(identity_);
  }
  streams_below_ = std::max(streams_below_, header.streams_below());
  ContinueLimiter(thaw);
  const auto forgotten = ledger_.Restore(thaw.arrays.writers);
  RECBOTS_CHECK_OK(forgotten.status());
  if (*forgotten > 0) {
    thaw.differences.push_back(
        absl::StrCat("writers: ", *forgotten, " more than the ", options_.max_writers, " that are remembered here"));
  }
}

void Table::ContinueLimiter(Thaw& thaw) {
  const int64_t inserted = thaw.header.limiter_inserted();
  const int64_t sampled = thaw.header.limiter_sampled() - thaw.arrays.in_flight;
  bool within = false;
  if (limiter_.options().kind == RateLimiterOptions::Kind::kQueue) {
    // A queue counts the rows that it holds.
    const int64_t rows = slots_.num_held();
    limiter_.Continue(std::max(inserted, rows), std::max(inserted, rows) - rows, limiter_.settings());
    within = limiter_.inserted() == inserted && limiter_.sampled() == sampled;
  } else {
    within = limiter_.Continue(inserted, sampled, thaw.arrays.limiter);
  }
  if (within) return;
  thaw.differences.push_back(absl::StrCat("rate limiter: ", inserted, " inserted and ", sampled,
                                          " sampled in the checkpoint count as ", limiter_.inserted(), " and ",
                                          limiter_.sampled(), " under the settings here"));
}

}  // namespace recbots::replay
