#include "replay/client/shard_writer.h"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"

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
      link_({.retry = options_.retry,
             .connect_timeout = options_.connect_timeout,
             .channel = {.security = options_.security}},
            &shared->contact, address),
      ring_(RingOptions(shared->schema, shared->options)),
      writer_id_(RandomId()),
      thread_("replay-writer", [this] { Run(); }) {}

ShardWriter::~ShardWriter() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // Thread, the last member, is joined first.

int64_t ShardWriter::Append(const char* rows, int64_t num_rows, int64_t weights_version,
                            absl::Span<const float> priorities, Pick pick, bool started) {
  MutexLock lock(&mu_);
  if (stopping_ || !final_.ok()) return 0;
  if (pick != Pick::kAny && !link_.connected()) return 0;
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
  if (pick != Pick::kAny && !link_.connected()) return false;
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
  return link_.connected() && (stats_.blocked_on == BlockedOn::kSpiInsert || stats_.blocked_on == BlockedOn::kCapacity);
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
                      << Field("address", link_.address().target) << Field("dropped_rows", stats_.dropped_rows);
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
  const bool bounded = link_.connected() && ack_->max_waiting_rows() > 0;
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
  if (search_since_ == Instant::InfiniteFuture()) link_.MoveTo(address);
}

ShardWriter::State ShardWriter::state() const {
  MutexLock lock(&mu_);
  State state;
  state.target = link_.target();
  state.connected = link_.connected();
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
  if (std::exchange(other_store_, false)) return link_.moving() ? absl::ZeroDuration() : Search(/*answered=*/true);
  last_error_ = status;
  if (search_since_ != Instant::InfiniteFuture() && IsTransient(status)) return Search(/*answered=*/false);
  const absl::StatusOr<absl::Duration> delay = link_.Failed(status);
  if (!delay.ok()) Fail(delay.status());
  return delay.value_or(absl::ZeroDuration());
}

absl::Duration ShardWriter::Search(bool answered) {
  const Instant now = Instant::Now();
  if (search_since_ == Instant::InfiniteFuture()) {
    search_since_ = now;
    search_from_ = link_.address();
  }
  (answered ? tried_ : failed_).insert(link_.address().target);
  std::set<std::string> passed = tried_;
  passed.insert(failed_.begin(), failed_.end());
  if (const auto next = shared_.stores.Candidate(store_id_, passed); next.has_value()) {
    link_.GoTo(*next);
    return absl::ZeroDuration();
  }
  // Another round, as long as somebody who does not answer may be the one.
  if (!failed_.empty() && now - search_since_ < kSearchFor) {
    failed_.clear();
    if (const auto next = shared_.stores.Candidate(store_id_, tried_); next.has_value()) link_.GoTo(*next);
    return options_.retry.max_delay;
  }
  if (tried_.contains(search_from_.target)) link_.GoTo(search_from_);
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
  RECBOTS_LOG(WARNING) << "replay at " << link_.address().target
                       << " does not know this writer any more (was it restarted?), going on as a new one: " << lost
                       << " rows that replay had acknowledged are gone with it";
}

void ShardWriter::Fail(absl::Status status) {
  if (!final_.ok()) return;
  final_ = std::move(status);
  RECBOTS_LOG(ERROR) << "replay writer gives up" << Field("address", link_.address().target)
                     << Field("error", final_.ToString());
  shared_.failed = true;
  shared_.news.Tell();
}

}  // namespace recbots::replay
