#include "replay/client/shard_writer.h"

#include <algorithm>
#include <limits>
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
// How exactly it is known how long rows have waited.
constexpr int kAgeSteps = 8;
constexpr absl::Duration kDropLogInterval = absl::Seconds(10);
constexpr int64_t kAnyNumber = std::numeric_limits<int64_t>::max() / 2;

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
  if (!options.durable) ring.age_step = options.max_waiting / kAgeSteps;
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
  const int64_t room = std::min(num_rows, Room());
  int64_t taken = 0;
  if (room > 0) {
    const auto theirs = priorities.empty() ? priorities : priorities.first(static_cast<size_t>(room));
    taken = ring_.Append(rows, room, weights_version, theirs, Drops() ? Instant::Now() : Instant());
  }
  // Not for every row that finds room.
  if (taken == 0) WantRoom(std::min(num_rows, std::max<int64_t>(1, Share() / 2)));
  return taken;
}

bool ShardWriter::HasRoom(int64_t num_rows, Pick pick) {
  MutexLock lock(&mu_);
  if (stopping_ || !final_.ok()) return false;
  if (pick != Pick::kAny && !connected_) return false;
  asked_rows_ = num_rows;
  if (!ring_.full() && Room() >= num_rows) return true;
  WantRoom(num_rows);
  return false;
}

void ShardWriter::WantRoom(int64_t num_rows) {
  wanted_rows_ = wanted_rows_ == 0 ? num_rows : std::min(wanted_rows_, num_rows);
}

void ShardWriter::TellRoom() {
  if (wanted_rows_ == 0 || !ring_.roomy()) return;
  // What was wanted may be more than a share that has become smaller.
  if (Room() < std::min(wanted_rows_, std::max(Share(), asked_rows_))) return;
  wanted_rows_ = 0;
  shared_.news.Tell();
}

bool ShardWriter::Held() const {
  return connected_ && (stats_.blocked_on == BlockedOn::kSpiInsert || stats_.blocked_on == BlockedOn::kCapacity);
}

bool ShardWriter::Drops() const { return !options_.durable && options_.max_waiting != absl::InfiniteDuration(); }

bool ShardWriter::DropWaited() {
  MutexLock lock(&mu_);
  if (!Drops() || !Held() || Share() == kAnyNumber) return false;
  const Instant now = Instant::Now();
  const int64_t dropped = ring_.DropUnsent(now - options_.max_waiting, flush_to_);
  if (dropped == 0) return false;
  stats_.dropped_rows += dropped;
  shared_.dropped_rows += dropped;
  if (next_drop_log_ <= now) {
    next_drop_log_ = now + kDropLogInterval;
    RECBOTS_LOG(INFO) << "rows waited too long behind the limiter, newer ones take their place"
                      << Field("address", address_.target) << Field("dropped_rows", stats_.dropped_rows);
  }
  return true;
}

Instant ShardWriter::NextDrop() const {
  MutexLock lock(&mu_);
  if (!Drops() || Share() == kAnyNumber) return Instant::InfiniteFuture();
  const Instant due = ring_.UnsentSince(flush_to_) + options_.max_waiting;
  // Between two blocks nothing is held up, for a moment.
  return Held() ? due : std::max(due, Instant::Now() + options_.max_waiting / kAgeSteps);
}

int64_t ShardWriter::Share() const {
  const bool bounded = connected_ && ack_->max_waiting_rows() > 0;
  return bounded ? std::min(ack_->max_waiting_rows(), kAnyNumber) : kAnyNumber;
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
  state.stats.appended_rows = ring_.appended_rows() + stats_.dropped_rows;
  state.stats.waiting_rows = Waiting();
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
