#include "replay/client/shard_writer.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/rpc/channel.h"

namespace recbots::replay {
namespace {

// How long our store is looked for while some addresses do not answer, before the writer goes on without it.
constexpr absl::Duration kSearchFor = absl::Seconds(10);

std::string RandomId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    const uint32_t bits = device();
    id.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  return id;
}

BlockRing::Options RingOptions(const RowSchema& schema, const ReplayWriterOptions& options) {
  BlockRing::Options ring;
  ring.row_bytes = static_cast<int64_t>(schema.row_bytes());
  ring.block_rows = std::clamp<int64_t>(options.block_bytes / ring.row_bytes, 1, kMaxBlockRows);
  ring.num_blocks = std::max<int64_t>(3, options.buffer_bytes / (ring.block_rows * ring.row_bytes));
  ring.until_durable = options.durable;
  return ring;
}

}  // namespace

ShardWriter::ShardWriter(WriterShared* shared, const ShardAddress& address)
    : shared_(*shared),
      options_(shared->options),
      row_bytes_(static_cast<int64_t>(shared->schema.row_bytes())),
      ring_(RingOptions(shared->schema, shared->options)),
      writer_id_(RandomId()),
      thread_("replay-writer", [this] { Run(); }) {
  MutexLock lock(&mu_);
  shared_.stores.Enter(address.target);
  next_address_ = address;
}

ShardWriter::~ShardWriter() {
  MutexLock lock(&mu_);
  stopping_ = true;
  shared_.stores.Leave(next_address_.has_value() ? next_address_->target : address_.target);
}  // Thread, the last member, is joined first.

int64_t ShardWriter::Append(const char* rows, int64_t num_rows, int64_t weights_version,
                            absl::Span<const float> priorities, Pick pick, bool started) {
  MutexLock lock(&mu_);
  if (stopping_ || !final_.ok()) return 0;
  if (pick != Pick::kAny && !connected_) return 0;
  if (pick == Pick::kReady && stats_.blocked_on != BlockedOn::kNone) return 0;
  if (started && ring_.filling_rows() == 0) return 0;
  const int64_t taken = ring_.Append(rows, num_rows, weights_version, priorities);
  if (taken == 0) wanted_room_ = true;
  return taken;
}

int64_t ShardWriter::StartFlush() {
  MutexLock lock(&mu_);
  flush_to_ = std::max(flush_to_, ring_.appended_rows());
  return ring_.appended_rows();
}

bool ShardWriter::AwaitFlushed(int64_t target, Instant deadline) {
  MutexLock lock(&mu_);
  const auto ended = [this, target]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return ring_.released_below() >= target || !final_.ok() || stopping_;
  };
  mu_.AwaitUntil(ended, deadline);
  return ring_.released_below() >= target;
}

void ShardWriter::Stop() {
  MutexLock lock(&mu_);
  stopping_ = true;
}

bool ShardWriter::AwaitStopped(Instant deadline) {
  MutexLock lock(&mu_);
  return mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopped_; }, deadline);
}

bool ShardWriter::Retire() {
  MutexLock lock(&mu_);
  if (ring_.released_below() < ring_.appended_rows()) return false;
  stopping_ = true;
  return true;
}

void ShardWriter::MoveTo(const ShardAddress& address) {
  MutexLock lock(&mu_);
  if (connected_ || next_address_.has_value() || search_since_ != Instant::InfiniteFuture()) return;
  shared_.stores.Leave(address_.target);
  shared_.stores.Enter(address.target);
  next_address_ = address;
}

ShardWriter::State ShardWriter::state() const {
  MutexLock lock(&mu_);
  State state;
  state.target = next_address_.has_value() ? next_address_->target : address_.target;
  state.connected = connected_;
  state.idle = ring_.released_below() >= ring_.appended_rows();
  state.stats = stats_;
  state.stats.appended_rows = ring_.appended_rows();
  state.stats.acknowledged_rows = ring_.acknowledged_rows();
  state.stats.durable_rows = std::max(stats_.durable_rows, ring_.durable_rows());
  state.final_error = final_;
  state.last_error = last_error_;
  return state;
}

int64_t ShardWriter::safe_rows() const {
  MutexLock lock(&mu_);
  return ring_.released_below();
}

absl::Duration ShardWriter::AfterStream(const absl::Status& status) {
  if (std::exchange(forgotten_, false)) {
    StartAnew(base_ + ack_->acknowledged_rows());
    return absl::ZeroDuration();
  }
  if (std::exchange(other_store_, false)) return Search(/*answered=*/true);
  last_error_ = status;
  if (!IsTransient(status)) {
    Fail(status);
    return absl::ZeroDuration();
  }
  if (search_since_ != Instant::InfiniteFuture()) return Search(/*answered=*/false);
  const absl::Duration delay = retry_->Failed(status).value_or(options_.retry.max_delay);
  if (const absl::Duration away = shared_.contact.away_for(); away >= options_.retry.give_up_after) {
    Fail(absl::DeadlineExceededError(
        absl::StrCat("replay at ", address_.target, " was away for ", absl::FormatDuration(away), ", want at most ",
                     absl::FormatDuration(options_.retry.give_up_after), "; last error: ", status.message())));
  }
  return delay;
}

absl::Duration ShardWriter::Search(bool answered) {
  const Instant now = Instant::Now();
  if (search_since_ == Instant::InfiniteFuture()) {
    search_since_ = now;
    search_from_ = address_;
  }
  (answered ? tried_ : failed_).insert(address_.target);
  std::set<std::string> passed = tried_;
  passed.insert(failed_.begin(), failed_.end());
  if (const auto next = shared_.stores.Candidate(store_id_, passed); next.has_value()) {
    Relocate(*next);
    return absl::ZeroDuration();
  }
  // Another round, as long as somebody who does not answer may be the one.
  if (!failed_.empty() && now - search_since_ < kSearchFor) {
    failed_.clear();
    if (const auto next = shared_.stores.Candidate(store_id_, tried_); next.has_value()) Relocate(*next);
    return options_.retry.max_delay;
  }
  if (tried_.contains(search_from_.target)) Relocate(search_from_);
  EndSearch();
  store_id_ = 0;
  StartAnew(base_);
  return absl::ZeroDuration();
}

void ShardWriter::EndSearch() {
  search_since_ = Instant::InfiniteFuture();
  tried_.clear();
  failed_.clear();
}

void ShardWriter::StartAnew(int64_t known) {
  const int64_t lost = std::max<int64_t>(0, ring_.kept_from() - std::max(known, base_));
  stats_.lost_rows += lost;
  stats_.durable_rows = 0;
  ++stats_.store_restarts;
  ring_.Forget();
  base_ = ring_.kept_from();
  writer_id_ = RandomId();
  RECBOTS_LOG(WARNING) << "replay at " << address_.target
                       << " does not know this writer any more (was it restarted?), going on as a new one: " << lost
                       << " rows that replay had acknowledged are gone with it";
}

void ShardWriter::Relocate(const ShardAddress& address) {
  if (address == address_ && channel_ != nullptr) return;
  if (!address_.target.empty()) {
    shared_.stores.Leave(address_.target);
    shared_.stores.Enter(address.target);
  }
  address_ = address;
  channel_ = MakeChannel(address.target, {.security = options_.security, .server_name = address.server_name});
  RetryOptions retry = options_.retry;
  retry.give_up_after = absl::InfiniteDuration();  // Decided by AfterStream, for all shards together.
  retry_.emplace("replay", address.target, retry);
}

void ShardWriter::Fail(absl::Status status) {
  if (!final_.ok()) return;
  final_ = std::move(status);
  RECBOTS_LOG(ERROR) << "replay writer gives up" << Field("address", address_.target)
                     << Field("error", final_.ToString());
  shared_.failed = true;
  shared_.news.Tell();
}

}  // namespace recbots::replay
