#include "replay/client/shard_sampler.h"

#include <utility>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

// How long to wait for the state of all shards once one has told its own.
constexpr absl::Duration kSilence = absl::Seconds(3);
// How often FollowStream looks whether there is something to send or to ask.
constexpr absl::Duration kTick = absl::Milliseconds(100);

}  // namespace

ShardSampler::ShardSampler(SamplerShared* shared, SamplerShard* at, int shard)
    : shared_(*shared), at_(at), shard_(shard), reader_(shared->schema.get(), shard), thread_("replay-sampler", [this] {
        Run();
      }) {}

ShardSampler::~ShardSampler() {
  MutexLock lock(&shared_.mu);
  at_->stopping = true;
}  // Thread, the last member, is joined first.

void ShardSampler::Run() {
  while (const std::shared_ptr<grpc::Channel> channel = BeginStream()) AwaitNext(RunStream(channel));
}

std::shared_ptr<grpc::Channel> ShardSampler::BeginStream() {
  MutexLock lock(&shared_.mu);
  if (Ended()) return nullptr;
  at_->link.Arrive();
  return at_->link.channel();
}

absl::Status ShardSampler::RunStream(const std::shared_ptr<grpc::Channel>& channel) {
  const auto on_written = [this] {
    MutexLock lock(&shared_.mu);
    shared_.SendCredit(*at_, /*all=*/false);
  };
  Stream stream(&shared_.mu,
                {.on_message = [this](grpc::ByteBuffer& bytes) { OnMessage(bytes); }, .on_written = on_written},
                channel, "/recbots.v1.ReplayService/Sample", shared_.options.security.get());
  const absl::Status status = Greet(stream);
  while (status.ok() && FollowStream(stream)) continue;
  const absl::Status end = EndStream(stream);
  return status.ok() ? end : status;
}

absl::Status ShardSampler::Greet(Stream& stream) {
  MutexLock lock(&shared_.mu);
  at_->restart = false;
  at_->stream = &stream;
  const v1::SampleCredit* const first = at_->session.BeginStream(Instant::Now());
  if (stream.can_write()) stream.Write(first);
  const auto answered = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stream.greeted() || stream.done() || at_->restart || Ended();
  };
  RECBOTS_RETURN_IF_ERROR(at_->link.AwaitAnswer(shared_.mu, answered));
  if (!stream.greeted()) return absl::OkStatus();
  at_->link.Answered();
  at_->link.Connected();
  ++shared_.stats.connections;
  return absl::OkStatus();
}

bool ShardSampler::FollowStream(Stream& stream) {
  std::optional<int64_t> streams;
  {
    MutexLock lock(&shared_.mu);
    const auto ended = [this, &stream]()
                           ABSL_NO_THREAD_SAFETY_ANALYSIS { return stream.done() || at_->restart || Ended(); };
    if (!at_->link.connected() || shared_.mu.AwaitFor(ended, kTick)) return false;
    shared_.SendCredit(*at_, /*all=*/true);
    shared_.Advance();
    streams = shared_.queue.NewStreams(Instant::Now(), kSilence);
  }
  if (streams.has_value()) shared_.TellStreams(*streams);
  return true;
}

absl::Status ShardSampler::EndStream(Stream& stream) {
  MutexLock lock(&shared_.mu);
  if (at_->link.connected()) at_->link.Disconnected();
  stream.AwaitEnd();
  at_->stream = nullptr;
  reader_.Reset();
  message_.Clear();
  shared_.stats.dropped_priorities += at_->session.EndStream(/*keep=*/at_->restart);
  shared_.Advance();
  return stream.status();
}

void ShardSampler::AwaitNext(const absl::Status& status) {
  MutexLock lock(&shared_.mu);
  if (Ended() || std::exchange(at_->restart, false)) return;
  shared_.last_error = status;
  const absl::StatusOr<absl::Duration> delay = at_->link.Failed(status);
  if (!delay.ok()) {
    shared_.Fail(delay.status());
    RECBOTS_LOG(ERROR) << "replay sampler gives up" << Field("address", at_->link.address().target)
                       << Field("error", delay.status().ToString());
    return;
  }
  const auto called = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return Ended() || at_->link.moving(); };
  shared_.mu.AwaitFor(called, *delay);
}

void ShardSampler::OnMessage(grpc::ByteBuffer& bytes) {
  const absl::Status status = Take(bytes);
  message_.Clear();  // Its memory belongs to `bytes`.
  bytes.Clear();
  if (status.ok() && !reader_.complete()) return;
  std::optional<int64_t> streams;
  {
    MutexLock lock(&shared_.mu);
    if (!status.ok()) return shared_.Fail(status);
    const Instant now = Instant::Now();
    shared_.queue.Arrived(shard_, message_.header(), now);
    streams = shared_.queue.NewStreams(now, kSilence);
    shared_.Advance();
  }
  if (streams.has_value()) shared_.TellStreams(*streams);
}

absl::Status ShardSampler::Take(const grpc::ByteBuffer& bytes) {
  if (const absl::Status status = message_.Decode(bytes); !status.ok()) {
    return absl::InternalError(status.message());
  }
  if (message_.has_header() == reader_.begun()) {
    return absl::InternalError(reader_.begun() ? "batch: a header in a later part"
                                               : "batch: first part without a header");
  }
  if (!reader_.begun()) {
    std::optional<PartTarget> target;
    {
      MutexLock lock(&shared_.mu);
      target = shared_.queue.Expected(shard_);
    }
    if (!target.has_value()) return absl::InternalError("batch: one that was not ordered");
    RECBOTS_RETURN_IF_ERROR(reader_.Begin(message_, *target));
  }
  return reader_.Copy(message_);
}

}  // namespace recbots::replay
