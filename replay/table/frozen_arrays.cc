#include "replay/table/frozen_arrays.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "replay/table/slots.h"
#include "replay/table/table_counters.h"

namespace recbots::replay {
namespace {

// No real counter gets beyond this bound, which leaves room to continue counting.
constexpr int64_t kMaxCount = int64_t{1} << 60;

template <typename... Args>
absl::Status Loss(const v1::FrozenTable& header, const Args&... args) {
  return absl::DataLossError(absl::StrCat("frozen table '", header.name(), "': ", args...));
}

// Returns the arrays, which are stored one after the other in the order listed.
class Reader {
 public:
  Reader(const v1::FrozenTable& header, absl::string_view arrays) : header_(header), rest_(arrays) {}

  absl::StatusOr<absl::string_view> Next(absl::string_view name) {
    if (next_ >= header_.arrays_size() || header_.arrays(next_).name() != std::string(name)) {
      return Loss(header_, "array ", next_, " is not '", name, "'");
    }
    const int64_t bytes = header_.arrays(next_++).bytes();
    if (bytes < 0 || static_cast<uint64_t>(bytes) > rest_.size()) {
      return Loss(header_, "array '", name, "' of ", bytes, " bytes, want 0..", rest_.size());
    }
    const absl::string_view array = rest_.substr(0, static_cast<size_t>(bytes));
    rest_.remove_prefix(static_cast<size_t>(bytes));
    return array;
  }

  // An array of `count` elements; a negative `count` allows any number.
  template <typename T>
  absl::Status Next(absl::string_view name, int64_t count, std::vector<T>& to) {
    RECBOTS_ASSIGN_OR_RETURN(const absl::string_view array, Next(name));
    if (array.size() % sizeof(T) != 0 || (count >= 0 && array.size() / sizeof(T) != static_cast<uint64_t>(count))) {
      return Loss(header_, "array '", name, "' of ", array.size(), " bytes, want ", count, " elements of ", sizeof(T));
    }
    to.resize(array.size() / sizeof(T));
    if (!to.empty()) std::memcpy(to.data(), array.data(), array.size());
    return absl::OkStatus();
  }

  absl::Status End() const {
    if (rest_.empty() && next_ == header_.arrays_size()) return absl::OkStatus();
    return Loss(header_, rest_.size(), " bytes and ", header_.arrays_size() - next_, " arrays too many");
  }

 private:
  const v1::FrozenTable& header_;
  absl::string_view rest_;
  int next_ = 0;
};

absl::Status CheckHeader(const v1::FrozenTable& header) {
  if (header.num_slots() < 1 || header.num_slots() > Slots::kNone) {
    return Loss(header, "num_slots ", header.num_slots(), ", want 1..", Slots::kNone);
  }
  if (header.used_slots() < 0 || header.used_slots() > header.num_slots()) {
    return Loss(header, "used_slots ", header.used_slots(), ", want 0..", header.num_slots());
  }
  if (header.max_times_sampled() < 0 || header.max_times_sampled() > 0xFFFF) {
    return Loss(header, "max_times_sampled ", header.max_times_sampled(), ", want 0..65535");
  }
  const auto check = [&header](int64_t count) {
    return count < 0 || count > kMaxCount ? Loss(header, "a counter of ", count, ", want 0..", kMaxCount)
                                          : absl::OkStatus();
  };
  const TableCounters counters = ReadCounters(header);
  for (const TableCounter& counter : kTableCounters) RECBOTS_RETURN_IF_ERROR(check(counters.*counter.member));
  RECBOTS_RETURN_IF_ERROR(check(header.limiter_inserted()));
  // The number is negative if RateLimiter::Continue reduced the count and more samples than that were refunded
  // afterwards.
  if (header.limiter_sampled() < -kMaxCount || header.limiter_sampled() > kMaxCount) {
    return Loss(header, "limiter_sampled ", header.limiter_sampled(), ", want at most ", kMaxCount, " either way");
  }
  if (!(header.highest_priority() >= 1 && std::isfinite(header.highest_priority()))) {
    return Loss(header, "highest_priority ", header.highest_priority(), ", want a finite number from 1");
  }
  return absl::OkStatus();
}

absl::Status ReadWriters(const v1::FrozenTable& header, std::vector<WriterMark>& writers) {
  for (const v1::FrozenWriter& writer : header.writers()) {
    WriterMark mark{.rows = writer.rows(), .closed_at = writer.closed_at()};
    if (writer.writer_id().size() != mark.id.size()) {
      return Loss(header, "writer_id of ", writer.writer_id().size(), " bytes, want ", mark.id.size());
    }
    std::memcpy(mark.id.data(), writer.writer_id().data(), mark.id.size());
    if (mark.rows < 0 || mark.rows > kMaxCount || mark.closed_at < 0) {
      return Loss(header, "writer with ", mark.rows, " rows, closed at ", mark.closed_at, ", want 0..", kMaxCount);
    }
    writers.push_back(mark);
  }
  std::vector<WriterId> ids;
  for (const WriterMark& writer : writers) ids.push_back(writer.id);
  std::sort(ids.begin(), ids.end());
  if (std::adjacent_find(ids.begin(), ids.end()) != ids.end()) return Loss(header, "a writer is there twice");
  return absl::OkStatus();
}

// Checks one slot that holds a row.
absl::Status CheckRow(const v1::FrozenTable& header, const FrozenArrays& arrays, uint32_t slot, uint16_t pending) {
  const float priority = arrays.priorities[slot];
  if (!(priority >= 0 && std::isfinite(priority))) {
    return Loss(header, "priority ", priority, " in slot ", slot, ", want a finite number from 0");
  }
  if (arrays.ages[slot] >= static_cast<uint64_t>(header.inserted())) {
    return Loss(header, "age ", arrays.ages[slot], " in slot ", slot, ", want less than ", header.inserted());
  }
  const int times = arrays.times[slot];
  const int most = header.max_times_sampled();
  if (times > most || pending > times || (most > 0 && times == most && pending == 0)) {
    return Loss(header, "slot ", slot, " was sampled ", times, " times with ", pending, " in flight, want at most ",
                most, ", and some in flight then");
  }
  return absl::OkStatus();
}

absl::Status CheckFree(const v1::FrozenTable& header, const FrozenArrays& arrays) {
  if (arrays.free.size() + arrays.by_age.size() != arrays.used) {
    return Loss(header, arrays.by_age.size(), " rows and ", arrays.free.size(), " free slots, want ", arrays.used);
  }
  if (!arrays.free.empty() && header.max_times_sampled() == 0) {
    return Loss(header, arrays.free.size(), " free slots, want 0 where rows are not sampled out");
  }
  std::vector<bool> seen(arrays.used);
  for (const uint32_t slot : arrays.free) {
    if (slot >= arrays.used || (arrays.words[slot] & Slots::kHeld) != 0 || seen[slot]) {
      return Loss(header, "free slot ", slot, " holds a row, is there twice or was never used");
    }
    seen[slot] = true;
  }
  return absl::OkStatus();
}

// Finds the rows, sorts them by age, and takes back the draws that were in flight.
absl::Status FindRows(const v1::FrozenTable& header, const std::vector<uint16_t>& pending, FrozenArrays& arrays) {
  const bool counted = header.max_times_sampled() > 0;
  for (uint32_t slot = 0; slot < arrays.used; ++slot) {
    uint32_t& word = arrays.words[slot];
    if ((word & ~Slots::kWordBits) != 0) return Loss(header, "generation ", word, " in slot ", slot);
    if ((word & Slots::kHeld) == 0) continue;
    RECBOTS_RETURN_IF_ERROR(CheckRow(header, arrays, slot, pending[slot]));
    word &= ~Slots::kParked;
    arrays.by_age.push_back(slot);
  }
  std::sort(arrays.by_age.begin(), arrays.by_age.end(),
            [&arrays](uint32_t a, uint32_t b) { return arrays.ages[a] < arrays.ages[b]; });
  for (size_t i = 1; i < arrays.by_age.size(); ++i) {
    if (arrays.ages[arrays.by_age[i]] == arrays.ages[arrays.by_age[i - 1]]) {
      return Loss(header, "age ", arrays.ages[arrays.by_age[i]], " is there twice");
    }
  }
  for (const uint32_t slot : arrays.by_age) {
    const bool leased = counted && arrays.times[slot] == header.max_times_sampled();
    (leased ? arrays.leased : arrays.drawable).push_back(slot);
    arrays.times[slot] = static_cast<uint16_t>(arrays.times[slot] - pending[slot]);
    arrays.in_flight += pending[slot];
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FrozenArrays> ReadFrozenArrays(const v1::FrozenTable& header, absl::string_view bytes) {
  RECBOTS_RETURN_IF_ERROR(CheckHeader(header));
  FrozenArrays arrays;
  arrays.used = static_cast<uint32_t>(header.used_slots());
  const int64_t used = arrays.used;
  const int64_t counted = header.max_times_sampled() > 0 ? used : 0;
  Reader reader(header, bytes);
  std::vector<uint16_t> pending;
  std::vector<int64_t> limiter;
  std::vector<uint32_t> base;
  RECBOTS_RETURN_IF_ERROR(reader.Next(kWordsArray, used, arrays.words));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kPrioritiesArray, used, arrays.priorities));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kAgesArray, used, arrays.ages));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kTimesArray, counted, arrays.times));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kPendingArray, counted, pending));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kFreeArray, -1, arrays.free));
  RECBOTS_ASSIGN_OR_RETURN(arrays.sampler, reader.Next(kSamplerArray));
  RECBOTS_ASSIGN_OR_RETURN(arrays.remover, reader.Next(kRemoverArray));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kLimiterArray, static_cast<int64_t>(arrays.limiter.size()), limiter));
  RECBOTS_RETURN_IF_ERROR(reader.Next(kBaseArray, 1, base));
  RECBOTS_RETURN_IF_ERROR(reader.End());
  if (base[0] > kMaxGeneration) return Loss(header, "first generation ", base[0], ", want at most ", kMaxGeneration);
  arrays.base = base[0];
  std::copy(limiter.begin(), limiter.end(), arrays.limiter.begin());
  arrays.times.resize(arrays.used);
  pending.resize(arrays.used);
  RECBOTS_RETURN_IF_ERROR(FindRows(header, pending, arrays));
  RECBOTS_RETURN_IF_ERROR(CheckFree(header, arrays));
  RECBOTS_RETURN_IF_ERROR(ReadWriters(header, arrays.writers));
  return arrays;
}

}  // namespace recbots::replay
