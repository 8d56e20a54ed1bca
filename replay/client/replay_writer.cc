#include "replay/client/replay_writer.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "common/rpc/channel.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/client/block_ring.h"
#include "replay/client/client_stream.h"

namespace recbots::replay {
namespace {

constexpr int64_t kMaxBlockRows = 65536;
constexpr int64_t kMaxBlockBytes = 4 << 20;
constexpr absl::Duration kEndTimeout = absl::Seconds(1);
constexpr absl::Duration kTick = absl::Seconds(10);  // Longest wait of the thread; nothing depends on it.

using InsertClientStream = ClientStream<v1::InsertRequest, v1::InsertAck>;

std::string RandomId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    const uint32_t bits = device();
    id.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  return id;
}

v1::InsertRequest MakeHello(const RowSchema& schema, const ReplayWriterOptions& options) {
  v1::InsertRequest request;
  *request.mutable_hello()->mutable_schema() = RowSchemaToProto(schema);
  request.mutable_hello()->set_writer_name(options.writer_name);
  request.mutable_hello()->set_writer_id(RandomId());
  return request;
}

int64_t BlockRows(const RowSchema& schema, const ReplayWriterOptions& options) {
  return std::clamp<int64_t>(options.block_bytes / static_cast<int64_t>(schema.row_bytes()), 1, kMaxBlockRows);
}

}  // namespace

class ReplayWriter::Impl {
 public:
  Impl(const RowSchema& schema, const ReplayWriterOptions& options)
      : options_(options),
        row_bytes_(static_cast<int64_t>(schema.row_bytes())),
        stub_(v1::ReplayService::NewStub(MakeChannel(options.address))),
        retry_("replay", options.address, options.retry),
        ring_(row_bytes_, BlockRows(schema, options),
              std::max<int64_t>(3, options.buffer_bytes / (BlockRows(schema, options) * row_bytes_))),
        hello_(MakeHello(schema, options)),
        thread_("replay-writer", [this] { Run(); }) {}
  ~Impl() {
    MutexLock lock(&mu_);
    stopping_ = true;
  }  // Thread, the last member, is joined first.

  absl::StatusOr<int64_t> Append(const char* rows, int64_t num_rows, int64_t weights_version, absl::Time deadline);
  absl::Status Flush(absl::Time deadline);
  absl::Status Close(absl::Time deadline);

  absl::Status status() const {
    MutexLock lock(&mu_);
    return final_;
  }
  ReplayWriterStats stats() const {
    MutexLock lock(&mu_);
    ReplayWriterStats stats = stats_;
    stats.appended_rows = ring_.appended_rows();
    stats.acknowledged_rows = ring_.acknowledged_rows();
    return stats;
  }

 private:
  // Waits until a quarter of the ring is free (a wake-up for every block would cost more than the block), and notes for
  // how long and why. False: the deadline came.
  bool AwaitRoom(absl::Time deadline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Connects, sends, reconnects, until stopped or a final error.
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // One stream, from the call to its end; the result is why it ended.
  absl::Status RunStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Greet(InsertClientStream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Sends blocks as they become due, until the stream ends or the writer stops.
  void SendBlocks(InsertClientStream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Writes the next block, with the mutex free while gRPC works.
  void SendBlock(InsertClientStream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status EndStream(InsertClientStream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool CanSend(const InsertClientStream& stream, int64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The block being filled has to go: it is old enough or being flushed.
  bool IsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // First row of the block being filled.
  int64_t FillingFrom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return ring_.appended_rows() - ring_.filling_rows();
  }
  absl::Time NextLook(bool due) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void OnAck(const v1::InsertAck& ack) ABSL_LOCKS_EXCLUDED(mu_);
  // Goes on as another writer, with the oldest row kept as its row 0.
  void StartAnew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ReplayWriterOptions options_;
  const int64_t row_bytes_;
  const std::unique_ptr<v1::ReplayService::Stub> stub_;
  PeerRetry retry_;  // Used by the thread only.

  mutable Mutex mu_;
  BlockRing ring_ ABSL_GUARDED_BY(mu_);
  v1::InsertRequest hello_ ABSL_GUARDED_BY(mu_);
  InsertClientStream* stream_ ABSL_GUARDED_BY(mu_) = nullptr;  // The one under way; owned by RunStream.
  int64_t base_ ABSL_GUARDED_BY(mu_) = 0;                      // Row that is sequence number 0 of this incarnation.
  std::optional<v1::InsertAck> ack_ ABSL_GUARDED_BY(mu_);      // Newest of this stream.
  bool window_used_ ABSL_GUARDED_BY(mu_) = false;
  int64_t flush_to_ ABSL_GUARDED_BY(mu_) = 0;    // Somebody waits for the rows below.
  bool forgotten_ ABSL_GUARDED_BY(mu_) = false;  // The store does not know rows it acknowledged.
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mu_);
  absl::Status last_error_ ABSL_GUARDED_BY(mu_);
  ReplayWriterStats stats_ ABSL_GUARDED_BY(mu_);

  Thread thread_;
};

absl::StatusOr<int64_t> ReplayWriter::Impl::Append(const char* rows, int64_t num_rows, int64_t weights_version,
                                                   absl::Time deadline) {
  MutexLock lock(&mu_);
  int64_t taken = 0;
  while (taken < num_rows) {
    if (!final_.ok()) return final_;
    if (closed_) return absl::CancelledError("replay writer: closed");
    const int64_t more = ring_.Append(rows + taken * row_bytes_, num_rows - taken, weights_version);
    taken += more;
    if (more == 0 && !AwaitRoom(deadline)) break;
  }
  return taken;
}

bool ReplayWriter::Impl::AwaitRoom(absl::Time deadline) {
  const absl::Time start = absl::Now();
  const BlockedOn reason = stats_.blocked_on;
  const bool held = mu_.AwaitUntil(
      [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return ring_.roomy() || !final_.ok() || closed_; }, deadline);
  stats_.blocked[static_cast<size_t>(reason)] += absl::Now() - start;
  return held || !ring_.full();
}

absl::Status ReplayWriter::Impl::Flush(absl::Time deadline) {
  MutexLock lock(&mu_);
  const int64_t target = ring_.appended_rows();
  flush_to_ = std::max(flush_to_, target);
  const auto flushed = [this, target]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return ring_.acknowledged_rows() >= target || !final_.ok() || stopping_;
  };
  mu_.AwaitUntil(flushed, deadline);
  if (ring_.acknowledged_rows() >= target) return absl::OkStatus();
  if (!final_.ok()) return final_;
  const std::string missing =
      absl::StrCat(target - ring_.acknowledged_rows(), " of ", target, " rows are not in replay");
  if (stopping_) return absl::CancelledError(absl::StrCat("replay writer: closed, ", missing));
  return absl::DeadlineExceededError(absl::StrCat("replay writer: ", missing, "; blocked on ",
                                                  NameOf(stats_.blocked_on),
                                                  "; last error: ", last_error_.ok() ? "none" : last_error_.message()));
}

absl::Status ReplayWriter::Impl::Close(absl::Time deadline) {
  {
    MutexLock lock(&mu_);
    closed_ = true;
  }
  const absl::Status status = Flush(deadline);
  MutexLock lock(&mu_);
  stopping_ = true;
  mu_.AwaitUntil([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopped_; }, absl::Now() + 2 * kEndTimeout);
  return status;
}

void ReplayWriter::Impl::Run() {
  MutexLock lock(&mu_);
  const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
  while (!stopping_) {
    const absl::Status status = RunStream();
    if (stopping_ || !final_.ok()) break;
    if (forgotten_) {
      StartAnew();
      continue;
    }
    last_error_ = status;
    const absl::StatusOr<absl::Duration> delay = retry_.Failed(status);
    if (!delay.ok()) {
      final_ = delay.status();
      RECBOTS_LOG(ERROR) << "replay writer gives up" << Field("address", options_.address)
                         << Field("error", final_.ToString());
      break;
    }
    mu_.AwaitFor(stopping, *delay);
  }
  stopped_ = true;
}

absl::Status ReplayWriter::Impl::RunStream() {
  ack_.reset();
  ring_.Rewind();
  InsertClientStream stream(&mu_,
                            {.on_message = [this](const v1::InsertAck& ack) { OnAck(ack); },
                             .on_written =
                                 [this] {
                                   MutexLock lock(&mu_);
                                   if (stream_ != nullptr) ring_.Release(ring_.acknowledged_rows(), stream_->writing());
                                 }},
                            [this](grpc::ClientContext* context, InsertClientStream::Reactor* reactor) {
                              stub_->async()->Insert(context, reactor);
                            });
  stream_ = &stream;
  absl::Status status = Greet(stream);
  if (status.ok()) SendBlocks(stream);
  const absl::Status end = EndStream(stream);
  stream_ = nullptr;
  return status.ok() ? end : status;
}

absl::Status ReplayWriter::Impl::Greet(InsertClientStream& stream) {
  stream.Write(&hello_);
  const auto answered = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return (ack_.has_value() && stream.can_write()) || stream.done() || stopping_;
  };
  if (!mu_.AwaitFor(answered, options_.connect_timeout)) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(options_.connect_timeout)));
  }
  if (!ack_.has_value()) return stream.done() ? stream.status() : absl::CancelledError("stopping");
  retry_.Succeeded();
  ++stats_.connections;
  return absl::OkStatus();
}

void ReplayWriter::Impl::SendBlocks(InsertClientStream& stream) {
  const auto ended = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stream.done() || stopping_ || forgotten_ || !final_.ok();
  };
  while (true) {
    const bool due = IsDue();
    const int64_t next = ring_.has_unsent() ? ring_.next_bytes() : ring_.filling_rows() * row_bytes_;
    // Once the window is used up, half of it has to be free: several blocks then go at one wake-up.
    window_used_ = ring_.bytes_in_flight() + next > ack_->window_bytes();
    const auto can_go_on = [this, &stream, &ended, due]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
      if (ended()) return true;
      if (ring_.has_unsent()) return CanSend(stream, ring_.next_bytes());
      return (due || flush_to_ > FillingFrom()) && CanSend(stream, ring_.filling_rows() * row_bytes_);
    };
    mu_.AwaitUntil(can_go_on, NextLook(due));
    if (ended()) return;
    if (!ring_.has_unsent()) {
      // What may not be sent yet had better go on being filled.
      if (!IsDue() || !CanSend(stream, ring_.filling_rows() * row_bytes_)) continue;
      ring_.Seal();
    }
    if (CanSend(stream, ring_.next_bytes())) SendBlock(stream);
  }
}

void ReplayWriter::Impl::SendBlock(InsertClientStream& stream) {
  v1::InsertRequest& block = ring_.Send(base_);
  stream.BeginWrite();
  mu_.Unlock();  // Append goes on meanwhile.
  BlockRing::AddChecksum(block);
  stream.FinishWrite(&block);
  mu_.Lock();
}

bool ReplayWriter::Impl::IsDue() const {
  if (ring_.filling_rows() == 0) return false;
  return flush_to_ > FillingFrom() || ring_.filling_since() + options_.max_delay <= absl::Now();
}

absl::Time ReplayWriter::Impl::NextLook(bool due) const {
  const absl::Time now = absl::Now();
  if (due || ring_.has_unsent()) return now + kTick;
  if (ring_.filling_rows() > 0) return ring_.filling_since() + options_.max_delay;
  // A look every 5 ms at an idle ring costs less than being woken by the first row of every block, and loses nothing:
  // rows that came since are not yet due.
  return now + options_.max_delay;
}

absl::Status ReplayWriter::Impl::EndStream(InsertClientStream& stream) {
  const auto done = [&stream] { return stream.done(); };
  // Politely only when nothing is outstanding: a server that waits for the limiter does not read the farewell.
  const bool all_in = ring_.acknowledged_rows() == ring_.appended_rows();
  if (stopping_ && all_in && stream.can_write() && !stream.done()) {
    stream.Close();
    mu_.AwaitFor(done, kEndTimeout);
  }
  if (!stream.done()) {
    stream.Cancel();
    mu_.AwaitUntil(done, absl::InfiniteFuture());  // A cancelled call always ends.
  }
  return stream.status();
}

bool ReplayWriter::Impl::CanSend(const InsertClientStream& stream, int64_t bytes) const {
  if (!stream.can_write()) return false;
  const int64_t in_flight = ring_.bytes_in_flight();
  // One block may always be under way: a window smaller than a block must not stop everything.
  if (in_flight == 0) return true;
  return in_flight + bytes <= (window_used_ ? ack_->window_bytes() / 2 : ack_->window_bytes());
}

void ReplayWriter::Impl::OnAck(const v1::InsertAck& ack) {
  MutexLock lock(&mu_);
  const int64_t row = base_ + ack.acknowledged_rows();
  if (ack.acknowledged_rows() < 0 || row > std::max(ring_.sent_rows(), ring_.acknowledged_rows())) {
    final_ = absl::InternalError(absl::StrCat("replay acknowledged row ", row, ", want at most ", ring_.sent_rows()));
    return;
  }
  forgotten_ = forgotten_ || row < ring_.acknowledged_rows();
  stats_.blocked_on = static_cast<BlockedOn>(std::clamp<int>(ack.blocked_on(), 1, kNumBlockedOn - 1));
  ack_ = ack;
  if (!forgotten_) ring_.Release(row, stream_ != nullptr && stream_->writing());
}

void ReplayWriter::Impl::StartAnew() {
  forgotten_ = false;
  const int64_t gone = ring_.acknowledged_rows();
  base_ = ring_.Forget();
  ++stats_.store_restarts;
  hello_.mutable_hello()->set_writer_id(RandomId());
  RECBOTS_LOG(WARNING) << "replay does not know this writer any more (was it restarted?), going on as a new one"
                       << Field("address", options_.address) << Field("acknowledged_rows", gone);
}

absl::StatusOr<std::unique_ptr<ReplayWriter>> ReplayWriter::Create(const RowSchema& schema,
                                                                   const ReplayWriterOptions& options) {
  RECBOTS_CHECK(!schema.columns().empty());
  if (options.block_bytes < 1 || options.block_bytes > kMaxBlockBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay writer: block_bytes ", options.block_bytes, ", want 1..", kMaxBlockBytes));
  }
  if (options.buffer_bytes < options.block_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("replay writer: buffer_bytes ", options.buffer_bytes,
                                                   ", want at least block_bytes ", options.block_bytes));
  }
  if (options.max_delay <= absl::ZeroDuration() || options.connect_timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("replay writer: max_delay and connect_timeout, want more than 0");
  }
  if (options.writer_name.size() > 256) {
    return absl::InvalidArgumentError(
        absl::StrCat("replay writer: writer_name of ", options.writer_name.size(), " bytes, want at most 256"));
  }
  return std::unique_ptr<ReplayWriter>(new ReplayWriter(std::make_unique<Impl>(schema, options)));
}

ReplayWriter::ReplayWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayWriter::~ReplayWriter() = default;
absl::StatusOr<int64_t> ReplayWriter::Append(const void* rows, int64_t num_rows, int64_t weights_version,
                                             absl::Time deadline) {
  return impl_->Append(static_cast<const char*>(rows), num_rows, weights_version, deadline);
}
absl::Status ReplayWriter::Flush(absl::Time deadline) { return impl_->Flush(deadline); }
absl::Status ReplayWriter::Close(absl::Time deadline) { return impl_->Close(deadline); }
absl::Status ReplayWriter::status() const { return impl_->status(); }
ReplayWriterStats ReplayWriter::stats() const { return impl_->stats(); }

}  // namespace recbots::replay
