// The streams of a ShardWriter, one after the other.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/crc32c.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"
#include "replay/client/shard_writer.h"
#include "replay/wire/proto_bytes.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kEndTimeout = absl::Seconds(1);
constexpr absl::Duration kTick = absl::Seconds(10);  // Longest wait of the thread; nothing depends on it.
// A checkpoint that did not come (the disk was full) is asked for again.
constexpr absl::Duration kCommitAgain = absl::Seconds(5);
constexpr int kMaxRefusalsInRow = 5;
constexpr int64_t kBlocksOfSmallWindow = 4;  // With fewer there is nothing to gain from waiting for several.
// Of a share that is bounded a block has a quarter at most, and half may be sent: at the server, and on the way there
// when that is in. The rest can make room for newer rows.
constexpr int64_t kBlocksOfShare = 4;

absl::string_view Bytes(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

void ShardWriter::Run() {
  MutexLock lock(&mu_);
  const auto called = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || link_.moving(); };
  while (!stopping_ && final_.ok()) {
    link_.Arrive();
    const absl::Status status = RunStream();
    if (stopping_ || !final_.ok()) break;
    const absl::Duration delay = AfterStream(status);
    if (delay > absl::ZeroDuration()) mu_.AwaitFor(called, delay);
  }
  stopped_ = true;
  shared_.news.Tell();
}

absl::Status ShardWriter::RunStream() {
  ack_.reset();
  flush_told_ = 0;
  commit_covers_ = 0;
  Stream stream(&mu_, {.on_message = [this](const v1::InsertAck& ack) { OnAck(ack); }, .on_written = [] {}},
                link_.channel(), "Insert", options_.security.get());
  absl::Status status = Greet(stream);
  if (status.ok()) {
    shared_.news.Tell();
    SendBlocks(stream);
    link_.Disconnected();
    stats_.blocked_on = BlockedOn::kNone;
  }
  const absl::Status end = EndStream(stream);
  shared_.stores.Note(link_.address().target, 0);
  shared_.news.Tell();
  return status.ok() ? end : status;
}

v1::InsertRequest ShardWriter::MakeHello() const {
  v1::InsertRequest request;
  v1::WriterHello& hello = *request.mutable_hello();
  *hello.mutable_schema() = RowSchemaToProto(shared_.schema);
  hello.set_writer_name(options_.writer_name);
  hello.set_writer_id(writer_id_);
  hello.set_table(options_.table);
  hello.set_durable(options_.durable);
  *hello.mutable_identity() = options_.identity;
  return request;
}

absl::Status ShardWriter::Greet(Stream& stream) {
  outgoing_ = ToBytes(MakeHello());
  stream.Write(&outgoing_);
  const auto answered = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return (ack_.has_value() && stream.can_write()) || stream.done() || stopping_;
  };
  RECBOTS_RETURN_IF_ERROR(link_.AwaitAnswer(mu_, answered));
  if (!ack_.has_value() || !stream.can_write()) {
    return stream.done() ? stream.status() : absl::CancelledError("stopping");
  }
  link_.Answered();
  ++stats_.connections;
  return AcceptStore();
}

absl::Status ShardWriter::AcceptStore() {
  shared_.stores.Note(link_.address().target, answering_store_);
  if (store_id_ != 0 && answering_store_ != store_id_) {
    other_store_ = true;
    return absl::AbortedError("another store answers there");
  }
  store_id_ = answering_store_;
  EndSearch();
  if (!IsPossible(*ack_)) return final_;
  const int64_t row = base_ + ack_->acknowledged_rows();
  if (row < ring_.kept_from()) {
    forgotten_ = true;
    return absl::AbortedError("the store does not know rows that it acknowledged");
  }
  ring_.Resume(row, base_ + std::min(ack_->durable_rows(), ack_->acknowledged_rows()));
  link_.Connected();
  return absl::OkStatus();
}

bool ShardWriter::IsPossible(const v1::InsertAck& ack) {
  const int64_t most = std::max(ring_.sent_rows(), ring_.acknowledged_rows()) - base_;
  const int64_t rows = ack.acknowledged_rows();
  if (rows >= 0 && rows <= most) return true;
  Fail(absl::InternalError(
      absl::StrCat("replay at ", link_.address().target, " acknowledged ", rows, " rows, want 0..", most)));
  return false;
}

void ShardWriter::SendBlocks(Stream& stream) {
  const auto ended = [this, &stream]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done() || stopping_ || !final_.ok(); };
  while (true) {
    const bool due = IsDue();
    const bool unsent = ring_.has_unsent();
    const int64_t next = ring_.has_unsent() ? ring_.next_rows() : ring_.filling_rows();
    // Once a window of many blocks is used up, half of it has to be free: several then go at one wake-up.
    window_used_ = (ring_.rows_in_flight() + next) * row_bytes_ > ack_->window_bytes();
    const auto can_go_on = [this, &stream, &ended, due, unsent]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      // Rows that are dropped can leave a block that is being filled as the next one: it is due at another time.
      if (ring_.has_unsent() != unsent) return true;
      if (ended() || ((MustCommit() || MustFlush()) && stream.can_write())) return true;
      if (ring_.has_unsent()) return MaySend(stream, ring_.next_rows()) > 0;
      return (due || flush_to_ > FillingFrom()) && MaySend(stream, ring_.filling_rows()) > 0;
    };
    mu_.AwaitUntil(can_go_on, NextLook(due));
    if (ended()) return;
    if (MustCommit() && stream.can_write()) {
      SendCommit(stream);
      continue;
    }
    if (MustFlush() && stream.can_write()) {
      SendFlush(stream);
      continue;
    }
    if (!ring_.has_unsent()) {
      // Do not seal a block that cannot be sent yet: keep filling it.
      if (!IsDue() || MaySend(stream, ring_.filling_rows()) == 0) continue;
      ring_.Seal();
    }
    if (const int64_t rows = MaySend(stream, ring_.next_rows()); rows > 0) SendBlock(stream, rows);
  }
}

void ShardWriter::SendBlock(Stream& stream, int64_t max_rows) {
  const int64_t first = ring_.sent_now();
  BlockRing::Outgoing block = ring_.Send(base_, max_rows);
  block.header.awaited = flush_to_ > first && flush_to_ <= ring_.sent_now();
  if (block.header.awaited) flush_told_ = flush_to_;
  TellRoom();
  stream.BeginWrite();
  mu_.Unlock();  // Append goes on meanwhile.
  block.header.crc32c = recbots::Crc32c(Bytes(block.rows));
  absl::Span<const grpc::Slice> priorities;
  if (block.priorities.size() > 0) {
    block.header.crc32c = recbots::Crc32c(Bytes(block.priorities), block.header.crc32c);
    priorities = absl::MakeConstSpan(&block.priorities, 1);
  }
  outgoing_ = EncodeInsertBlock(block.header, absl::MakeConstSpan(&block.rows, 1), priorities);
  stream.FinishWrite(&outgoing_);
  mu_.Lock();
}

void ShardWriter::SendFlush(Stream& stream) {
  v1::InsertRequest request;
  request.mutable_flush();
  outgoing_ = ToBytes(request);
  flush_told_ = flush_to_;
  stream.Write(&outgoing_);
}

bool ShardWriter::MustFlush() const {
  return flush_to_ > flush_told_ && flush_to_ <= ring_.sent_now() && flush_to_ > ring_.acknowledged_rows();
}

void ShardWriter::SendCommit(Stream& stream) {
  v1::InsertRequest request;
  request.mutable_commit();
  outgoing_ = ToBytes(request);
  commit_covers_ = ring_.sent_now();
  commit_sent_ = Instant::Now();
  stream.Write(&outgoing_);
}

bool ShardWriter::MustCommit() const {
  if (!options_.durable || ring_.sent_now() <= ring_.durable_rows()) return false;
  const bool flushing = flush_to_ > ring_.durable_rows() && flush_to_ <= ring_.sent_now();
  if (!flushing && !ring_.half_full()) return false;
  if (ring_.durable_rows() >= commit_covers_) return true;
  if (flushing && flush_to_ > commit_covers_) return true;
  return commit_sent_ + kCommitAgain <= Instant::Now();
}

bool ShardWriter::IsDue() const {
  if (ring_.filling_rows() == 0) return false;
  return flush_to_ > FillingFrom() || ring_.filling_since() + options_.max_delay <= Instant::Now();
}

Instant ShardWriter::NextLook(bool due) const {
  const Instant now = Instant::Now();
  const Instant latest = commit_covers_ > ring_.durable_rows() ? now + kCommitAgain : now + kTick;
  if (due || ring_.has_unsent()) return latest;
  if (ring_.filling_rows() > 0) return ring_.filling_since() + options_.max_delay;
  // A look every 5 ms at an idle ring costs less than being woken by the first row of every block, and loses nothing:
  // rows that came since are not yet due.
  return now + options_.max_delay;
}

absl::Status ShardWriter::EndStream(Stream& stream) {
  const auto done = [&stream] { return stream.done(); };
  // Politely only when nothing is outstanding: a server that waits for the limiter does not read the farewell.
  const bool all_in = ring_.acknowledged_rows() == ring_.appended_rows();
  if (stopping_ && all_in && stream.can_write() && !stream.done()) {
    stream.Close();
    mu_.AwaitFor(done, kEndTimeout);
  }
  if (!stream.done()) {
    stream.Cancel();
    mu_.AwaitUntil(done, Instant::InfiniteFuture());  // A cancelled call always ends.
  }
  return stream.status();
}

int64_t ShardWriter::MaySend(const Stream& stream, int64_t rows) const {
  if (!stream.can_write()) return 0;
  const int64_t share = Share();
  rows = std::min(rows, std::max<int64_t>(1, share / kBlocksOfShare));
  const int64_t in_flight = ring_.rows_in_flight();
  // One block may always be under way: a window smaller than a block must not stop everything.
  if (in_flight == 0) return rows;
  if (in_flight + rows > share / 2) return 0;
  const int64_t window = ack_->window_bytes();
  const bool several_at_once = window_used_ && rows * row_bytes_ * kBlocksOfSmallWindow <= window;
  return (in_flight + rows) * row_bytes_ <= (several_at_once ? window / 2 : window) ? rows : 0;
}

void ShardWriter::OnAck(const v1::InsertAck& ack) {
  MutexLock lock(&mu_);
  // Only the first one names the store.
  if (!ack_.has_value()) answering_store_ = ack.store_id();
  ack_ = ack;
  const BlockedOn was_blocked_on = stats_.blocked_on;
  stats_.blocked_on = static_cast<BlockedOn>(std::clamp<int>(ack.blocked_on(), 1, kNumBlockedOn - 1));
  if (!link_.connected()) return;  // AcceptStore looks at it.
  if (!IsPossible(ack)) return;
  const int64_t row = base_ + ack.acknowledged_rows();
  if (row > ring_.acknowledged_rows()) refusals_in_row_ = 0;
  ring_.Acknowledge(row);
  ring_.SetDurable(base_ + std::min(ack.durable_rows(), ack.acknowledged_rows()));
  if (ack.has_refusal()) OnRefusal(ack.refusal());
  TellRoom();
  if (was_blocked_on != stats_.blocked_on && stats_.blocked_on == BlockedOn::kNone) shared_.news.Tell();
}

void ShardWriter::OnRefusal(const v1::BlockRefusal& refusal) {
  const auto code = static_cast<absl::StatusCode>(refusal.code());
  if (code != absl::StatusCode::kDataLoss) {
    return Fail(absl::Status(code == absl::StatusCode::kOk ? absl::StatusCode::kInternal : code,
                             absl::StrCat("replay at ", link_.address().target, " refused: ", refusal.message())));
  }
  if (++refusals_in_row_ > kMaxRefusalsInRow) {
    return Fail(absl::DataLossError(absl::StrCat("replay at ", link_.address().target, " refused a block ",
                                                 refusals_in_row_, " times in a row: ", refusal.message())));
  }
  ++stats_.resent_blocks;
  RECBOTS_LOG(WARNING) << "a block was damaged on its way, sending it again" << Field("address", link_.address().target)
                       << Field("error", refusal.message());
  ring_.Rewind();
}

}  // namespace recbots::replay
