#include "replay/client/replay_writer.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/wait_board.h"
#include "replay/client/address_watch.h"
#include "replay/client/shard_set.h"
#include "replay/client/shard_writer.h"
#include "replay/client/writer_shared.h"
#include "replay/table/item_key.h"
#include "replay/wire/insert_codec.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kEndTimeout = absl::Seconds(2);
constexpr int64_t kBlockBytes = 128 << 10;
constexpr int64_t kLargeBlockBytes = 512 << 10;

using Shards = std::vector<std::shared_ptr<ShardWriter>>;

absl::Status CheckPriorities(absl::Span<const float> priorities, int64_t num_rows) {
  if (priorities.empty()) return absl::OkStatus();
  if (static_cast<int64_t>(priorities.size()) != num_rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay writer: ", priorities.size(), " priorities for ", num_rows, " rows, want one per row"));
  }
  for (size_t i = 0; i < priorities.size(); ++i) {
    if (priorities[i] >= 0 && priorities[i] <= std::numeric_limits<float>::max()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("replay writer: priority ", priorities[i], " of row ", i, ", want finite and at least 0"));
  }
  return absl::OkStatus();
}

void AddTo(ReplayWriterStats& sum, const ReplayWriterStats& one) {
  sum.appended_rows += one.appended_rows;
  sum.acknowledged_rows += one.acknowledged_rows;
  sum.durable_rows += one.durable_rows;
  sum.lost_rows += one.lost_rows;
  sum.dropped_rows += one.dropped_rows;
  sum.waiting_rows += one.waiting_rows;
  sum.resent_blocks += one.resent_blocks;
  sum.connections += one.connections;
  sum.store_restarts += one.store_restarts;
}

}  // namespace

int64_t DefaultBlockBytes(int64_t row_bytes) {
  return std::max(row_bytes, std::clamp(16 * row_bytes, kBlockBytes, kLargeBlockBytes));
}

class ReplayWriter::Impl {
 public:
  Impl(const RowSchema& schema, const ReplayWriterOptions& options)
      : shared_(schema, options),
        row_bytes_(schema.row_bytes()),
        watch_(options.resolver, {.on_addresses = [this](const Resolution& found) { OnAddresses(found); },
                                  .away = [this] { return SomethingAway(); },
                                  .waits = options.retry.waits,
                                  .addresses = options.address}) {}
  ~Impl() { StopAll(); }

  absl::StatusOr<int64_t> Append(const char* rows, int64_t num_rows, int64_t weights_version, Instant deadline,
                                 absl::Span<const float> priorities);
  absl::Status AwaitRoom(int64_t num_rows, Instant deadline);
  absl::Status Flush(Instant deadline);
  absl::Status Close(Instant deadline);
  absl::Status status() const;
  ReplayWriterStats stats() const;
  int64_t dropped_rows() const { return shared_.dropped_rows.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<const Shards> shards() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return shards_;
  }
  // Gives rows to the shard whose turn it is, at most to the end of its block. Returns how many; 0: no shard has room.
  int64_t AppendSome(const Shards& shards, const WriterSession::Rows& rows);
  // The shards that may get rows; an error if there is a final one, or Close was called.
  absl::StatusOr<std::shared_ptr<const Shards>> OpenShards() const ABSL_LOCKS_EXCLUDED(mu_);
  // Whether one shard has room for all of the rows.
  bool HasRoom(const Shards& shards, int64_t num_rows);
  // Waits for news since `seen`, or until rows have waited long enough to be dropped, and drops them. False: the
  // deadline came first.
  bool AwaitRoomSomewhere(const Shards& shards, int64_t seen, Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);
  void SetClosed() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    closed_ = true;
  }
  void StopAll() ABSL_LOCKS_EXCLUDED(mu_);

  // Called by watch_.
  bool SomethingAway() const;
  void OnAddresses(const Resolution& found) ABSL_LOCKS_EXCLUDED(mu_);
  // Stops the shard if it keeps no rows, and adds its counts to retired_. False: it keeps some.
  bool Retire(ShardWriter& shard) ABSL_LOCKS_EXCLUDED(mu_);

  WriterShared shared_;
  const size_t row_bytes_;
  ShardSet set_;  // Used by the thread of watch_ only.
  std::atomic<size_t> turn_{0};
  mutable Mutex mu_;
  std::shared_ptr<const Shards> shards_ ABSL_GUARDED_BY(mu_) = std::make_shared<const Shards>();
  ReplayWriterStats retired_ ABSL_GUARDED_BY(mu_);  // Of shards that are gone.
  std::array<absl::Duration, kNumBlockedOn> blocked_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mu_);  // A final error that no shard has.
  AddressWatch watch_;
};

absl::StatusOr<int64_t> ReplayWriter::Impl::Append(const char* rows, int64_t num_rows, int64_t weights_version,
                                                   Instant deadline, absl::Span<const float> priorities) {
  RECBOTS_RETURN_IF_ERROR(CheckPriorities(priorities, num_rows));
  int64_t taken = 0;
  while (taken < num_rows) {
    const int64_t seen = shared_.news.count();
    RECBOTS_ASSIGN_OR_RETURN(const std::shared_ptr<const Shards> all, OpenShards());
    const int64_t more =
        AppendSome(*all, {rows + static_cast<size_t>(taken) * row_bytes_, num_rows - taken, weights_version,
                          priorities.empty() ? priorities : priorities.subspan(static_cast<size_t>(taken))});
    taken += more;
    if (more == 0 && !AwaitRoomSomewhere(*all, seen, deadline)) break;
  }
  return taken;
}

absl::Status ReplayWriter::Impl::AwaitRoom(int64_t num_rows, Instant deadline) {
  // The caller shows it: its own wait may be longer than this one.
  const ScopedWait wait(nullptr, {.thing = "room", .peer = shared_.options.address});
  while (true) {
    const int64_t seen = shared_.news.count();
    RECBOTS_ASSIGN_OR_RETURN(const std::shared_ptr<const Shards> all, OpenShards());
    if (HasRoom(*all, num_rows)) return absl::OkStatus();
    if (AwaitRoomSomewhere(*all, seen, deadline)) continue;
    return absl::DeadlineExceededError(absl::StrCat("replay writer: no room for ", num_rows, " rows; blocked on ",
                                                    NameOf(stats().blocked_on), "; ", wait.TimedOut().message()));
  }
}

absl::StatusOr<std::shared_ptr<const Shards>> ReplayWriter::Impl::OpenShards() const {
  if (shared_.failed.load(std::memory_order_relaxed)) return status();
  MutexLock lock(&mu_);
  if (closed_) return absl::CancelledError("replay writer: closed");
  return shards_;
}

bool ReplayWriter::Impl::HasRoom(const Shards& shards, int64_t num_rows) {
  using Pick = ShardWriter::Pick;
  const Pick pick = shards.size() > 1 && shared_.connections.any() ? Pick::kConnected : Pick::kAny;
  bool found = false;
  for (const auto& shard : shards) found = shard->HasRoom(num_rows, pick) || found;
  return found;
}

bool ReplayWriter::Impl::AwaitRoomSomewhere(const Shards& shards, int64_t seen, Instant deadline) {
  const BlockedOn reason = stats().blocked_on;
  Instant drop = Instant::InfiniteFuture();
  for (const auto& shard : shards) drop = std::min(drop, shard->NextDrop());
  const Instant start = Instant::Now();
  bool found = shared_.news.AwaitSince(seen, std::min(deadline, Instant::Now() + (drop - start)));
  for (const auto& shard : shards) found = found || shard->DropWaited();
  MutexLock lock(&mu_);
  blocked_[static_cast<size_t>(reason)] += Instant::Now() - start;
  return found || Instant::Now() < deadline;
}

int64_t ReplayWriter::Impl::AppendSome(const Shards& shards, const WriterSession::Rows& rows) {
  using Pick = ShardWriter::Pick;
  const size_t n = shards.size();
  if (n == 0) return 0;
  if (n == 1) return shards[0]->Append(rows, Pick::kAny, /*started=*/false);
  // Fill a block before the next shard has its turn: more shards must not mean smaller blocks.
  const size_t turn = turn_.load(std::memory_order_relaxed);
  if (const int64_t taken = shards[turn % n]->Append(rows, Pick::kReady, /*started=*/true); taken > 0) return taken;
  const Pick last = shared_.connections.any() ? Pick::kConnected : Pick::kAny;
  for (const Pick pick : {Pick::kReady, last}) {
    for (size_t i = 1; i <= n; ++i) {
      const int64_t taken = shards[(turn + i) % n]->Append(rows, pick, /*started=*/false);
      if (taken == 0) continue;
      turn_.store(turn + i, std::memory_order_relaxed);
      return taken;
    }
  }
  return 0;
}

absl::Status ReplayWriter::Impl::Flush(Instant deadline) {
  const ScopedWait wait(nullptr, {.thing = "acknowledgements", .peer = shared_.options.address});
  const std::shared_ptr<const Shards> all = shards();
  std::vector<int64_t> targets;
  for (const auto& shard : *all) targets.push_back(shard->StartFlush());
  int64_t missing = 0, wanted = 0;
  for (size_t i = 0; i < targets.size(); ++i) {
    wanted += targets[i];
    if (!(*all)[i]->AwaitFlushed(targets[i], deadline)) missing += targets[i] - (*all)[i]->safe_rows();
  }
  if (missing <= 0) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(status());
  const std::string message = absl::StrCat("replay writer: ", missing, " of ", wanted, " rows are not in ",
                                           shared_.options.durable ? "a checkpoint" : "replay");
  if (Instant::Now() < deadline) return absl::CancelledError(absl::StrCat(message, ": closed"));
  absl::Status last_error;
  for (const auto& shard : *all) last_error.Update(shard->state().last_error);
  return absl::DeadlineExceededError(
      absl::StrCat(message, "; blocked on ", NameOf(stats().blocked_on), "; ", wait.TimedOut(last_error).message()));
}

absl::Status ReplayWriter::Impl::Close(Instant deadline) {
  SetClosed();
  shared_.news.Tell();
  const absl::Status status = Flush(deadline);
  StopAll();
  return status;
}

void ReplayWriter::Impl::StopAll() {
  SetClosed();
  const std::shared_ptr<const Shards> all = shards();
  for (const auto& shard : *all) shard->Stop();
  const Instant deadline = Instant::Now() + kEndTimeout;
  for (const auto& shard : *all) shard->AwaitStopped(deadline);
}

absl::Status ReplayWriter::Impl::status() const {
  const std::shared_ptr<const Shards> all = shards();
  for (const auto& shard : *all) {
    if (const absl::Status error = shard->state().final_error; !error.ok()) return error;
  }
  MutexLock lock(&mu_);
  return final_;
}

ReplayWriterStats ReplayWriter::Impl::stats() const {
  const std::shared_ptr<const Shards> all = shards();
  ReplayWriterStats sum;
  {
    MutexLock lock(&mu_);
    sum = retired_;
    sum.blocked = blocked_;
  }
  sum.shards = static_cast<int>(all->size());
  bool one_takes_rows = false;
  for (const auto& shard : *all) {
    const ShardWriter::State state = shard->state();
    AddTo(sum, state.stats);
    if (!state.connected) continue;
    ++sum.connected_shards;
    one_takes_rows = one_takes_rows || state.stats.blocked_on == BlockedOn::kNone;
    sum.blocked_on = state.stats.blocked_on;
  }
  if (one_takes_rows) sum.blocked_on = BlockedOn::kNone;
  return sum;
}

bool ReplayWriter::Impl::SomethingAway() const {
  const ReplayWriterStats now = stats();
  return now.shards == 0 || now.connected_shards < now.shards;
}

void ReplayWriter::Impl::OnAddresses(const Resolution& found) {
  shared_.stores.SetAddresses(found.shards);
  const std::shared_ptr<const Shards> before = shards();
  std::vector<ShardSet::Member> members;
  for (const auto& shard : *before) {
    const ShardWriter::State state = shard->state();
    members.push_back({state.target, state.connected});
  }
  const ShardChanges changes = set_.Update(found.shards, members, Instant::Now());
  for (const auto& [i, address] : changes.moved) (*before)[i]->MoveTo(address);
  auto after = std::make_shared<Shards>(*before);
  const auto drop = [this, &before, &after](size_t i) {
    return Retire(*(*before)[i]) && std::erase(*after, (*before)[i]) > 0;
  };
  for (const size_t i : changes.spare) drop(i);
  for (const size_t i : changes.gone) {
    if (drop(i)) RECBOTS_LOG(INFO) << "a shard of replay is gone" << Field("address", members[i].target);
  }
  {
    MutexLock lock(&mu_);
    if (closed_) return;
    for (const ShardAddress& address : changes.added) {
      if (after->size() < kMaxShards) after->push_back(std::make_shared<ShardWriter>(&shared_, address));
    }
    if (after->empty() && final_.ok()) final_ = shared_.connections.CheckAway(shared_.options.address, found.status);
    if (!final_.ok()) shared_.failed = true;
    shards_ = after;
  }
  if (after->size() != before->size() || !found.status.ok()) shared_.news.Tell();
}

bool ReplayWriter::Impl::Retire(ShardWriter& shard) {
  if (!shard.Retire()) return false;
  MutexLock lock(&mu_);
  AddTo(retired_, shard.state().stats);
  return true;
}

absl::StatusOr<std::unique_ptr<ReplayWriter>> ReplayWriter::Create(const RowSchema& schema,
                                                                   const ReplayWriterOptions& given) {
  RECBOTS_CHECK(!schema.columns().empty());
  ReplayWriterOptions options = given;
  if (options.block_bytes < 0 || options.block_bytes > static_cast<int64_t>(kMaxBlockBytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay writer: block_bytes ", options.block_bytes, ", want 0..", kMaxBlockBytes));
  }
  if (options.block_bytes == 0) options.block_bytes = DefaultBlockBytes(static_cast<int64_t>(schema.row_bytes()));
  if (options.buffer_bytes < options.block_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("replay writer: buffer_bytes ", options.buffer_bytes,
                                                   ", want at least block_bytes ", options.block_bytes));
  }
  if (options.max_delay <= absl::ZeroDuration() || options.connect_timeout <= absl::ZeroDuration() ||
      options.max_waiting <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("replay writer: max_delay, connect_timeout and max_waiting, want more than 0");
  }
  if (const size_t bytes = options.writer_name.size(); bytes > 256) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay writer: writer_name of ", bytes, " bytes, want at most 256"));
  }
  if (options.resolver == nullptr) {
    RECBOTS_ASSIGN_OR_RETURN(options.resolver, MakeAddressResolver(options.address));
  }
  return std::unique_ptr<ReplayWriter>(new ReplayWriter(std::make_unique<Impl>(schema, options)));
}

ReplayWriter::ReplayWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayWriter::~ReplayWriter() = default;
absl::StatusOr<int64_t> ReplayWriter::Append(const void* rows, int64_t num_rows, int64_t weights_version,
                                             Instant deadline, absl::Span<const float> priorities) {
  return impl_->Append(static_cast<const char*>(rows), num_rows, weights_version, deadline, priorities);
}
absl::Status ReplayWriter::AwaitRoom(int64_t num_rows, Instant deadline) {
  return impl_->AwaitRoom(num_rows, deadline);
}
absl::Status ReplayWriter::Flush(Instant deadline) { return impl_->Flush(deadline); }
absl::Status ReplayWriter::Close(Instant deadline) { return impl_->Close(deadline); }
absl::Status ReplayWriter::status() const { return impl_->status(); }
ReplayWriterStats ReplayWriter::stats() const { return impl_->stats(); }
int64_t ReplayWriter::dropped_rows() const { return impl_->dropped_rows(); }

}  // namespace recbots::replay
