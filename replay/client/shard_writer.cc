#include "replay/client/shard_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "replay/client/writer_messages.h"

namespace recbots::replay {
namespace {

constexpr absl::Duration kEndTimeout = absl::Seconds(1);
constexpr absl::Duration kDropLogInterval = absl::Seconds(10);

}  // namespace

ShardWriter::ShardWriter(WriterShared* shared, const ShardAddress& address)
    : shared_(*shared),
      options_(shared->options),
      session_(&shared->options, static_cast<int64_t>(shared->schema.row_bytes())),
      link_({.retry = options_.retry,
             .connect_timeout = options_.connect_timeout,
             .channel = {.security = options_.security}},
            &shared->connections, address),
      search_(&shared->stores, options_.retry.max_delay),
      writer_id_(RandomWriterId()),
      thread_("replay-writer", [this] { Run(); }) {}

ShardWriter::~ShardWriter() { Stop(); }  // Thread, the last member, is joined first.

bool ShardWriter::MayTake(Pick pick) const {
  if (Ended()) return false;
  return pick == Pick::kAny ||
         (link_.connected() && (pick == Pick::kConnected || session_.blocked_on() == BlockedOn::kNone));
}

int64_t ShardWriter::Append(const WriterSession::Rows& rows, Pick pick, bool started) {
  MutexLock lock(&mu_);
  if (!MayTake(pick) || (started && !session_.filling())) return 0;
  return session_.Append(rows);
}

bool ShardWriter::HasRoom(int64_t num_rows, Pick pick) {
  MutexLock lock(&mu_);
  return MayTake(pick) && session_.HasRoom(num_rows);
}

bool ShardWriter::DropWaited() {
  MutexLock lock(&mu_);
  const int64_t dropped = session_.DropWaited();
  if (dropped == 0) return false;
  shared_.dropped_rows += dropped;
  if (const Instant now = Instant::Now(); next_drop_log_ <= now) {
    next_drop_log_ = now + kDropLogInterval;
    RECBOTS_LOG(INFO) << "rows waited too long behind the limiter, newer ones take their place"
                      << Field("address", link_.address().target)
                      << Field("dropped_rows", session_.stats().dropped_rows);
  }
  return true;
}

Instant ShardWriter::NextDrop() const {
  MutexLock lock(&mu_);
  return session_.NextDrop();
}

int64_t ShardWriter::StartFlush() {
  MutexLock lock(&mu_);
  return session_.StartFlush();
}

bool ShardWriter::AwaitFlushed(int64_t target, Instant deadline) {
  MutexLock lock(&mu_);
  const auto ended = [this, target]()
                         ABSL_NO_THREAD_SAFETY_ANALYSIS { return session_.safe_rows() >= target || Ended(); };
  mu_.AwaitUntil(ended, deadline);
  return session_.safe_rows() >= target;
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
  if (session_.idle()) stopping_ = true;
  return session_.idle();
}

void ShardWriter::MoveTo(const ShardAddress& address) {
  MutexLock lock(&mu_);
  if (!search_.active()) link_.MoveTo(address);
}

ShardWriter::State ShardWriter::state() const {
  MutexLock lock(&mu_);
  State state = {link_.target(), link_.connected(), session_.stats(), final_, last_error_};
  state.stats.connections = connections_;
  return state;
}

int64_t ShardWriter::safe_rows() const {
  MutexLock lock(&mu_);
  return session_.safe_rows();
}

void ShardWriter::Run() {
  while (const std::shared_ptr<grpc::Channel> channel = BeginStream()) AwaitNext(RunStream(channel));
  MutexLock lock(&mu_);
  stopped_ = true;
  shared_.news.Tell();
}

std::shared_ptr<grpc::Channel> ShardWriter::BeginStream() {
  MutexLock lock(&mu_);
  if (Ended()) return nullptr;
  link_.Arrive();
  session_.BeginStream();
  return link_.channel();
}

absl::Status ShardWriter::RunStream(const std::shared_ptr<grpc::Channel>& channel) {
  Stream stream(&mu_, {.on_message = [this](const v1::InsertAck& ack) { OnAck(ack); }, .on_written = [] {}}, channel,
                "/recbots.v1.ReplayService/Insert", options_.security.get());
  const absl::Status status = Greet(stream);
  if (status.ok()) {
    while (std::optional<WriterSession::Step> step = AwaitStep(stream)) {
      outgoing_ = EncodeStep(*std::move(step));  // Without the mutex, so that Append goes on meanwhile.
      stream.FinishWrite(&outgoing_);
    }
  }
  const absl::Status end = EndStream(stream);
  shared_.news.Tell();
  return status.ok() ? end : status;
}

absl::Status ShardWriter::Greet(Stream& stream) {
  MutexLock lock(&mu_);
  outgoing_ = EncodeHello(shared_.schema, options_, writer_id_);
  if (stream.can_write()) stream.Write(&outgoing_);
  const auto greeted = [this, &stream]()
                           ABSL_NO_THREAD_SAFETY_ANALYSIS { return session_.answered() && stream.can_write(); };
  const auto answered = [this, &stream, &greeted]()
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { return greeted() || stream.done() || stopping_; };
  RECBOTS_RETURN_IF_ERROR(link_.AwaitAnswer(mu_, answered));
  if (!greeted()) return stream.done() ? stream.status() : absl::CancelledError("stopping");
  link_.Answered();
  ++connections_;
  return AcceptStore();
}

absl::Status ShardWriter::AcceptStore() {
  if (!search_.Answered(link_.address().target, session_.answering_store())) {
    obstacle_ = Obstacle::kOtherStore;
    return absl::AbortedError("another store answers there");
  }
  if (const absl::Status accepted = session_.Accept(); !accepted.ok()) {
    if (!absl::IsAborted(accepted)) return FailHere(accepted);
    obstacle_ = Obstacle::kForgotten;
    return accepted;
  }
  link_.Connected();
  shared_.news.Tell();
  return absl::OkStatus();
}

std::optional<WriterSession::Step> ShardWriter::AwaitStep(Stream& stream) {
  MutexLock lock(&mu_);
  const auto ended = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done() || Ended(); };
  const auto called = [this, &stream, &ended]()
                          ABSL_NO_THREAD_SAFETY_ANALYSIS { return ended() || session_.HasStep(stream.can_write()); };
  while (true) {
    mu_.AwaitUntil(called, session_.BeginLook());
    if (ended()) return std::nullopt;
    WriterSession::Step step = session_.NextStep(stream.can_write());
    if (step.kind == WriterSession::Step::Kind::kWait) continue;
    if (session_.TakeRoomNews()) shared_.news.Tell();
    stream.BeginWrite();
    return step;
  }
}

absl::Status ShardWriter::EndStream(Stream& stream) {
  MutexLock lock(&mu_);
  if (link_.connected()) {
    link_.Disconnected();
    session_.EndStream();
  }
  // A farewell only if no row is outstanding: a server that waits for the limiter does not read it.
  if (stopping_ && session_.waiting_rows() == 0 && stream.can_write() && !stream.done()) {
    stream.Close();
    mu_.AwaitFor([&stream] { return stream.done(); }, kEndTimeout);
  }
  stream.AwaitEnd();
  search_.Left(link_.address().target);
  return stream.status();
}

void ShardWriter::OnAck(const v1::InsertAck& ack) {
  MutexLock lock(&mu_);
  const BlockedOn was_blocked_on = session_.blocked_on();
  const int64_t resent_blocks = session_.resent_blocks();
  if (const absl::Status status = session_.OnAck(ack); !status.ok()) return (void)FailHere(status);
  if (!link_.connected()) return;
  if (session_.resent_blocks() > resent_blocks) {
    RECBOTS_LOG(WARNING) << "a block was damaged on its way, sending it again"
                         << Field("address", link_.address().target) << Field("error", ack.refusal().message());
  }
  const bool was_let_go = was_blocked_on != BlockedOn::kNone && session_.blocked_on() == BlockedOn::kNone;
  if (session_.TakeRoomNews() || was_let_go) shared_.news.Tell();
}

void ShardWriter::AwaitNext(const absl::Status& status) {
  MutexLock lock(&mu_);
  if (Ended()) return;
  const auto called = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || link_.moving(); };
  const absl::Duration delay = AfterStream(status);
  if (delay > absl::ZeroDuration()) mu_.AwaitFor(called, delay);
}

absl::Duration ShardWriter::AfterStream(const absl::Status& status) {
  switch (std::exchange(obstacle_, Obstacle::kNone)) {
    case Obstacle::kForgotten:
      StartAnew(session_.known_rows());
      return absl::ZeroDuration();
    case Obstacle::kOtherStore:
      return link_.moving() ? absl::ZeroDuration() : Search(/*answered=*/true);
    case Obstacle::kNone:
      break;
  }
  last_error_ = status;
  if (search_.active() && IsTransient(status)) return Search(/*answered=*/false);
  const absl::StatusOr<absl::Duration> delay = link_.Failed(status);
  if (!delay.ok()) Fail(delay.status());
  return delay.value_or(absl::ZeroDuration());
}

absl::Duration ShardWriter::Search(bool answered) {
  const StoreSearch::Step step = search_.Next(link_.address(), answered);
  if (step.address.has_value()) link_.GoTo(*step.address);
  if (step.given_up) StartAnew(/*known_rows=*/0);
  return step.delay;
}

void ShardWriter::StartAnew(int64_t known_rows) {
  const int64_t lost = session_.StartAnew(known_rows);
  writer_id_ = RandomWriterId();
  RECBOTS_LOG(WARNING) << "replay at " << link_.address().target
                       << " does not know this writer any more (was it restarted?), going on as a new one: " << lost
                       << " rows that replay had acknowledged are gone with it";
}

absl::Status ShardWriter::FailHere(const absl::Status& status) {
  Fail(absl::Status(status.code(), absl::StrCat("replay at ", link_.address().target, " ", status.message())));
  return final_;
}

void ShardWriter::Fail(const absl::Status& status) {
  if (!final_.ok()) return;
  final_ = status;
  RECBOTS_LOG(ERROR) << "replay writer gives up" << Field("address", link_.address().target)
                     << Field("error", final_.ToString());
  shared_.failed = true;
  shared_.news.Tell();
}

}  // namespace recbots::replay
