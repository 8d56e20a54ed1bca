#include "learner/run/stream_ledger.h"

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr int64_t kMaxFileBytes = 64;
// Counting never gets this far, and a number read from the file must not exceed it.
constexpr int64_t kMaxCount = int64_t{1} << 53;

absl::StatusOr<int64_t> ReadCount(const std::string& path) {
  if (path.empty()) return 0;
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (absl::IsNotFound(text.status())) return 0;
  RECBOTS_RETURN_IF_ERROR(text.status());
  int64_t count = 0;
  const absl::string_view number = absl::StripAsciiWhitespace(*text);
  if (absl::SimpleAtoi(number, &count) && count >= 0 && count <= kMaxCount) return count;
  return absl::InvalidArgumentError(
      absl::StrCat("'", path, "' holds '", number, "', want the number of random streams given away, 0..", kMaxCount));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StreamLedger>> StreamLedger::Create(const StreamLedgerOptions& options) {
  RECBOTS_CHECK(options.multiple >= 1 && options.block >= 0);
  RECBOTS_ASSIGN_OR_RETURN(const int64_t next, ReadCount(options.path));
  return absl::WrapUnique(new StreamLedger(options, next));
}

int64_t StreamLedger::Open(int64_t used_below) {
  bool opened = false;
  int64_t reserved = 0;
  {
    MutexLock lock(&mu_);
    RaiseLocked(used_below);
    opened = !std::exchange(open_, true);
    if (opened) ReserveLocked(next_ + options_.block);
    reserved = reserved_;
  }
  if (opened) {
    MutexLock lock(&on_open_mu_);
    if (on_open_) on_open_();
  }
  return reserved;
}

void StreamLedger::SetOnOpen(std::function<void()> on_open) {
  MutexLock lock(&on_open_mu_);
  on_open_ = std::move(on_open);
}

void StreamLedger::SetOnReserve(std::function<void(int64_t below)> on_reserve) {
  MutexLock lock(&mu_);
  on_reserve_ = std::move(on_reserve);
}

void StreamLedger::Raise(int64_t used_below) {
  MutexLock lock(&mu_);
  RaiseLocked(used_below);
}

void StreamLedger::RaiseLocked(int64_t used_below) {
  had_earlier_ = had_earlier_ || used_below > next_;
  next_ = std::max(next_, std::min(used_below, kMaxCount));
  reserved_ = std::max(reserved_, next_);
}

std::optional<int64_t> StreamLedger::Take(int64_t count) {
  RECBOTS_CHECK(count >= 1 && count <= kNumActorStreams);
  MutexLock lock(&mu_);
  if (!open_) return std::nullopt;
  const int64_t round = next_ / kNumActorStreams;
  int64_t first = next_ % kNumActorStreams;
  first += (options_.multiple - first % options_.multiple) % options_.multiple;
  int64_t begin = round * kNumActorStreams + first;
  if (first + count > kNumActorStreams) {
    begin = (round + 1) * kNumActorStreams;
    first = 0;
    RECBOTS_LOG(WARNING) << "all random streams were given away: users that were played before come again"
                         << Field("streams", kNumActorStreams);
  }
  if (begin + count > reserved_) {
    ReserveLocked(begin + count + options_.block);
    if (on_reserve_) on_reserve_(reserved_);
  }
  next_ = begin + count;
  return first;
}

void StreamLedger::ReserveLocked(int64_t below) {
  reserved_ = std::max(reserved_, below);
  if (options_.path.empty()) return;
  const absl::Status status = WriteFile(options_.path, absl::StrCat(reserved_, "\n"));
  // Replay remembers the bound, too, and training is worth more than a second place.
  if (!status.ok() && !std::exchange(cannot_write_, true)) {
    RECBOTS_LOG(WARNING) << "which random streams were given away is not kept in the run directory"
                         << Field("error", status.message());
  }
}

bool StreamLedger::had_earlier() const {
  MutexLock lock(&mu_);
  return had_earlier_;
}

int64_t StreamLedger::reserved_below() const {
  MutexLock lock(&mu_);
  return reserved_;
}

}  // namespace recbots
