#include "replay/client/writer_session.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kTick = absl::Seconds(10);  // The longest wait of the sender; nothing depends on it.
// After this long without a checkpoint (the disk was full) the writer asks again.
constexpr absl::Duration kCommitAgain = absl::Seconds(5);
constexpr int kMaxRefusalsInRow = 5;
constexpr int64_t kBlocksOfSmallWindow = 4;  // With fewer there is nothing to gain from waiting for several.
// A block has at most a quarter of a bounded share, and at most half of the share may be in flight: one block at the
// server, and one on its way. The rows that are not sent can make room for newer ones.
constexpr int64_t kBlocksOfShare = 4;
// The age of waiting rows is known to max_waiting / kAgeSteps.
constexpr int kAgeSteps = 8;
constexpr int64_t kAnyNumber = std::numeric_limits<int64_t>::max() / 2;

BlockRing::Options RingOptions(const ReplayWriterOptions& options, int64_t row_bytes, Clock* clock) {
  BlockRing::Options ring;
  ring.row_bytes = row_bytes;
  ring.block_rows = std::clamp<int64_t>(options.block_bytes / ring.row_bytes, 1, kMaxBlockRows);
  ring.num_blocks = std::max<int64_t>(3, options.buffer_bytes / (ring.block_rows * ring.row_bytes));
  ring.until_durable = options.durable;
  if (!options.durable) ring.age_step = options.max_waiting / kAgeSteps;
  ring.clock = clock;
  return ring;
}

}  // namespace

WriterSession::WriterSession(const ReplayWriterOptions* options, int64_t row_bytes, Clock* clock)
    : options_(*options), row_bytes_(row_bytes), clock_(*clock), ring_(RingOptions(*options, row_bytes, clock)) {}

int64_t WriterSession::Append(const Rows& rows) {
  const int64_t room = std::min(rows.count, Room());
  int64_t taken = 0;
  if (room > 0) {
    const auto theirs = rows.priorities.empty() ? rows.priorities : rows.priorities.first(static_cast<size_t>(room));
    taken = ring_.Append(rows.data, room, rows.weights_version, theirs, Drops() ? clock_.Now() : Instant());
  }
  // Do not wake the caller for every single row that finds room.
  if (taken == 0) WantRoom(std::min(rows.count, std::max<int64_t>(1, Share() / 2)));
  return taken;
}

bool WriterSession::HasRoom(int64_t num_rows) {
  asked_rows_ = num_rows;
  if (!ring_.full() && Room() >= num_rows) return true;
  WantRoom(num_rows);
  return false;
}

void WriterSession::WantRoom(int64_t num_rows) {
  wanted_rows_ = wanted_rows_ == 0 ? num_rows : std::min(wanted_rows_, num_rows);
}

bool WriterSession::TakeRoomNews() {
  if (wanted_rows_ == 0 || !ring_.roomy()) return false;
  // The share may have become smaller than what was wanted.
  if (Room() < std::min(wanted_rows_, std::max(Share(), asked_rows_))) return false;
  wanted_rows_ = 0;
  return true;
}

bool WriterSession::Held() const {
  return accepted_ && (stats_.blocked_on == BlockedOn::kSpiInsert || stats_.blocked_on == BlockedOn::kCapacity);
}

int64_t WriterSession::Share() const {
  const bool bounded = accepted_ && ack_->max_waiting_rows() > 0;
  return bounded ? std::min(ack_->max_waiting_rows(), kAnyNumber) : kAnyNumber;
}

int64_t WriterSession::DropWaited() {
  if (!Drops() || !Held() || Share() == kAnyNumber) return 0;
  const int64_t dropped = ring_.DropUnsent(clock_.Now() - options_.max_waiting, flush_to_);
  stats_.dropped_rows += dropped;
  return dropped;
}

Instant WriterSession::NextDrop() const {
  if (!Drops() || Share() == kAnyNumber) return Instant::InfiniteFuture();
  const Instant due = ring_.UnsentSince(flush_to_) + options_.max_waiting;
  // If nothing is held up, that may be so only for the moment between two blocks: look again a little later.
  return Held() ? due : std::max(due, clock_.Now() + options_.max_waiting / kAgeSteps);
}

int64_t WriterSession::StartFlush() {
  flush_to_ = std::max(flush_to_, ring_.appended_rows());
  return ring_.appended_rows();
}

void WriterSession::BeginStream() {
  ack_.reset();
  flush_told_ = 0;
  commit_covers_ = 0;
}

absl::Status WriterSession::Accept() {
  RECBOTS_RETURN_IF_ERROR(CheckPossible(*ack_));
  const int64_t row = base_ + ack_->acknowledged_rows();
  if (row < ring_.kept_from()) return absl::AbortedError("the store does not know rows that it acknowledged");
  ring_.Resume(row, base_ + std::min(ack_->durable_rows(), ack_->acknowledged_rows()));
  accepted_ = true;
  return absl::OkStatus();
}

void WriterSession::EndStream() {
  accepted_ = false;
  stats_.blocked_on = BlockedOn::kNone;
}

int64_t WriterSession::StartAnew(int64_t known_rows) {
  const int64_t lost = std::max<int64_t>(0, ring_.kept_from() - base_ - std::max<int64_t>(0, known_rows));
  stats_.lost_rows += lost;
  ++stats_.store_restarts;
  ring_.Forget();
  base_ = ring_.kept_from();
  return lost;
}

absl::Status WriterSession::CheckPossible(const v1::InsertAck& ack) const {
  const int64_t most = std::max(ring_.sent_rows(), ring_.acknowledged_rows()) - base_;
  const int64_t rows = ack.acknowledged_rows();
  if (rows >= 0 && rows <= most) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("acknowledged ", rows, " rows, want 0..", most));
}

absl::Status WriterSession::OnAck(const v1::InsertAck& ack) {
  // Only the first one names the store.
  if (!ack_.has_value()) answering_store_ = ack.store_id();
  ack_ = ack;
  stats_.blocked_on = static_cast<BlockedOn>(std::clamp<int>(ack.blocked_on(), 1, kNumBlockedOn - 1));
  if (!accepted_) return absl::OkStatus();  // Accept will check it.
  RECBOTS_RETURN_IF_ERROR(CheckPossible(ack));
  const int64_t row = base_ + ack.acknowledged_rows();
  if (row > ring_.acknowledged_rows()) refusals_in_row_ = 0;
  ring_.Acknowledge(row);
  ring_.SetDurable(base_ + std::min(ack.durable_rows(), ack.acknowledged_rows()));
  return ack.has_refusal() ? OnRefusal(ack.refusal()) : absl::OkStatus();
}

absl::Status WriterSession::OnRefusal(const v1::BlockRefusal& refusal) {
  const auto code = static_cast<absl::StatusCode>(refusal.code());
  if (code != absl::StatusCode::kDataLoss) {
    return absl::Status(code == absl::StatusCode::kOk ? absl::StatusCode::kInternal : code,
                        absl::StrCat("refused: ", refusal.message()));
  }
  if (++refusals_in_row_ > kMaxRefusalsInRow) {
    return absl::DataLossError(
        absl::StrCat("refused a block ", refusals_in_row_, " times in a row: ", refusal.message()));
  }
  ++stats_.resent_blocks;
  ring_.Rewind();
  return absl::OkStatus();
}

Instant WriterSession::BeginLook() {
  was_due_ = IsDue();
  had_unsent_ = ring_.has_unsent();
  // Once a window of many blocks is used up, wait until half of it is free: then one wake-up sends several blocks.
  const int64_t next = had_unsent_ ? ring_.next_rows() : ring_.filling_rows();
  window_used_ = (ring_.rows_in_flight() + next) * row_bytes_ > ack_->window_bytes();
  const Instant now = clock_.Now();
  if (was_due_ || had_unsent_) return now + (commit_covers_ > ring_.durable_rows() ? kCommitAgain : kTick);
  if (ring_.filling_rows() > 0) return ring_.filling_since() + options_.max_delay;
  // Looking at an idle ring once per max_delay costs less than being woken by the first row of every block, and delays
  // nothing: rows that came since are not yet due.
  return now + options_.max_delay;
}

bool WriterSession::HasStep(bool can_write) const {
  // When rows are dropped, the next block may be the one being filled, which is due at another time.
  if (ring_.has_unsent() != had_unsent_) return true;
  if (!can_write) return false;
  if (MustCommit() || MustFlush()) return true;
  if (had_unsent_) return MaySend(ring_.next_rows()) > 0;
  return (was_due_ || flush_to_ > FillingFrom()) && MaySend(ring_.filling_rows()) > 0;
}

WriterSession::Step WriterSession::NextStep(bool can_write) {
  if (!can_write) return {};
  if (MustCommit()) {
    commit_covers_ = ring_.sent_now();
    commit_sent_ = clock_.Now();
    return {.kind = Step::Kind::kCommit};
  }
  if (MustFlush()) {
    flush_told_ = flush_to_;
    return {.kind = Step::Kind::kFlush};
  }
  if (!ring_.has_unsent()) {
    // Do not seal a block that cannot be sent yet: keep filling it.
    if (!IsDue() || MaySend(ring_.filling_rows()) == 0) return {};
    ring_.Seal();
  }
  const int64_t rows = MaySend(ring_.next_rows());
  if (rows == 0) return {};
  const int64_t first = ring_.sent_now();
  Step step = {.kind = Step::Kind::kBlock, .block = ring_.Send(base_, rows)};
  step.block.header.awaited = flush_to_ > first && flush_to_ <= ring_.sent_now();
  if (step.block.header.awaited) flush_told_ = flush_to_;
  return step;
}

int64_t WriterSession::MaySend(int64_t rows) const {
  const int64_t share = Share();
  rows = std::min(rows, std::max<int64_t>(1, share / kBlocksOfShare));
  const int64_t in_flight = ring_.rows_in_flight();
  // One block may always be in flight: a window smaller than a block must not stop everything.
  if (in_flight == 0) return rows;
  if (in_flight + rows > share / 2) return 0;
  const int64_t window = ack_->window_bytes();
  const bool several_at_once = window_used_ && rows * row_bytes_ * kBlocksOfSmallWindow <= window;
  return (in_flight + rows) * row_bytes_ <= (several_at_once ? window / 2 : window) ? rows : 0;
}

bool WriterSession::MustCommit() const {
  if (!options_.durable || ring_.sent_now() <= ring_.durable_rows()) return false;
  const bool flushing = flush_to_ > ring_.durable_rows() && flush_to_ <= ring_.sent_now();
  if (!flushing && !ring_.half_full()) return false;
  if (ring_.durable_rows() >= commit_covers_) return true;
  if (flushing && flush_to_ > commit_covers_) return true;
  return commit_sent_ + kCommitAgain <= clock_.Now();
}

bool WriterSession::MustFlush() const {
  return flush_to_ > flush_told_ && flush_to_ <= ring_.sent_now() && flush_to_ > ring_.acknowledged_rows();
}

bool WriterSession::IsDue() const {
  if (ring_.filling_rows() == 0) return false;
  return flush_to_ > FillingFrom() || ring_.filling_since() + options_.max_delay <= clock_.Now();
}

ReplayWriterStats WriterSession::stats() const {
  ReplayWriterStats stats = stats_;
  stats.appended_rows = ring_.appended_rows() + stats_.dropped_rows;
  stats.waiting_rows = waiting_rows();
  stats.acknowledged_rows = ring_.acknowledged_rows();
  stats.durable_rows = ring_.durable_rows();
  return stats;
}

}  // namespace recbots::replay
