#include "replay/client/shard_sampler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::replay {
namespace {

// How long a shard that has not told its state is waited for when that of another is known.
constexpr absl::Duration kSilence = absl::Seconds(3);
// How often news are asked for and leftovers sent.
constexpr absl::Duration kTick = absl::Milliseconds(100);

const std::string& Method() {
  static const auto* const method = new std::string("/recbots.v1.ReplayService/Sample");
  return *method;
}

v1::SampleCredit FirstCredit(const RowSchema& schema, const ReplaySamplerOptions& options) {
  v1::SampleCredit credit;
  credit.set_table(options.table);
  *credit.mutable_schema() = RowSchemaToProto(schema);
  credit.set_max_rows(options.batch_size);
  credit.set_max_batches(options.batches_in_flight);
  *credit.mutable_identity() = options.identity;
  return credit;
}

}  // namespace

SamplerShared::SamplerShared(const RowSchema& row_schema, const ReplaySamplerOptions& sampler_options)
    : schema(std::make_shared<const RowSchema>(row_schema)),
      options(sampler_options),
      first_credit(FirstCredit(row_schema, sampler_options)),
      queue({schema, options.batch_size, options.batches_in_flight, options.seed, Instant::Now()}) {}

ShardSampler::ShardSampler(SamplerShared* shared, const ShardAddress& address, int shard)
    : shared_(*shared),
      shard_(shard),
      reader_(shared->schema.get(), shard),
      address_(address),
      thread_("replay-sampler", [this] { Run(); }) {}

ShardSampler::~ShardSampler() {
  MutexLock lock(&shared_.mu);
  stopping_ = true;
}  // Thread, the last member, is joined first.

void ShardSampler::MoveTo(const ShardAddress& address) {
  if (connected_) return;
  address_ = address;
  moved_ = true;
}

bool ShardSampler::AddPriority(ItemKey key, float priority) {
  if (stream_ == nullptr) return false;
  // Nobody orders any more, it seems: the newest count.
  if (static_cast<size_t>(next_.keys_size()) >= kMaxPriorityUpdates) {
    shared_.stats.dropped_priorities += next_.keys_size();
    next_.clear_keys();
    next_.clear_priorities();
  }
  next_.add_keys(WithShard(key, 0));
  next_.add_priorities(priority);
  return true;
}

void ShardSampler::DropPriorities() {
  shared_.stats.dropped_priorities += next_.keys_size();
  next_.Clear();
}

void ShardSampler::SendCredit(bool all) {
  if (stream_ == nullptr || restart_ || !stream_->can_write()) return;
  const Instant now = Instant::Now();
  for (auto rows = shared_.queue.NextOrder(shard_, now); rows.has_value();
       rows = shared_.queue.NextOrder(shard_, now)) {
    next_.add_rows(*rows);
  }
  const int64_t used = shared_.queue.Acknowledged(shard_);
  // Not before the table said what it knew.
  const int64_t streams = shared_.queue.heard(shard_) ? shared_.streams_below : 0;
  const bool news = used != said_used_ || streams != said_streams_;
  if (next_.rows().empty() && !news && !(all && next_.keys_size() > 0)) return;
  said_used_ = used;
  said_streams_ = streams;
  next_.set_acknowledged_batches(used);
  next_.set_streams_below(streams);
  std::swap(next_, credit_);
  next_.Clear();
  stream_->Write(&credit_);
}

void ShardSampler::Run() {
  MutexLock lock(&shared_.mu);
  const auto ending = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stopping_ || shared_.closed || !shared_.final_error.ok();
  };
  while (!ending()) {
    if (std::exchange(moved_, false)) Connect();
    const absl::Status status = RunStream();
    if (ending()) break;
    if (std::exchange(restart_, false)) continue;
    const absl::Duration delay = AfterFailure(status);
    shared_.mu.AwaitFor([this, &ending] { return ending() || moved_; }, delay);
  }
}

void ShardSampler::Connect() {
  const auto batch_bytes =
      static_cast<int64_t>(shared_.schema->batch_bytes(static_cast<size_t>(shared_.options.batch_size)));
  channel_ = MakeChannel(
      address_.target,
      {.bulk = batch_bytes >= kBulkBytes, .security = shared_.options.security, .server_name = address_.server_name});
  RetryOptions retry = shared_.options.retry;
  retry.give_up_after = absl::InfiniteDuration();  // Decided below, for all shards together.
  retry_.emplace("replay", address_.target, retry);
}

absl::Duration ShardSampler::AfterFailure(const absl::Status& status) {
  shared_.last_error = status;
  const RetryOptions& options = shared_.options.retry;
  const absl::StatusOr<absl::Duration> delay = retry_->Failed(status);
  const absl::Duration away = shared_.contact.away_for();
  absl::Status error = delay.status();
  if (error.ok() && away >= options.give_up_after) {
    error = absl::DeadlineExceededError(
        absl::StrCat("replay at ", address_.target, " was away for ", absl::FormatDuration(away), ", want at most ",
                     absl::FormatDuration(options.give_up_after), "; last error: ", status.message()));
  }
  if (error.ok()) return *delay;
  if (shared_.final_error.ok()) shared_.final_error = error;
  RECBOTS_LOG(ERROR) << "replay sampler gives up" << Field("address", address_.target)
                     << Field("error", error.ToString());
  return absl::ZeroDuration();
}

absl::Status ShardSampler::RunStream() {
  Stream stream(&shared_.mu,
                {.on_message = [this](grpc::ByteBuffer& bytes) { OnMessage(bytes); },
                 .on_written =
                     [this] {
                       MutexLock lock(&shared_.mu);
                       SendCredit(/*all=*/false);
                     }},
                channel_, Method(), shared_.options.security.get());
  restart_ = false;
  said_used_ = 0;
  said_streams_ = 0;
  stream_ = &stream;
  next_.MergeFrom(shared_.first_credit);  // To priorities that a stream which we ended ourselves left behind.
  shared_.queue.Open(shard_);
  shared_.queue.Place(Instant::Now());
  for (auto rows = shared_.queue.NextOrder(shard_, Instant::Now()); rows.has_value();
       rows = shared_.queue.NextOrder(shard_, Instant::Now())) {
    next_.add_rows(*rows);
  }
  credit_ = std::exchange(next_, {});
  stream.Write(&credit_);
  const absl::Status status = FollowStream(stream);
  EndStream(stream);
  return status.ok() ? stream.status() : status;
}

absl::Status ShardSampler::FollowStream(Stream& stream) {
  const auto ended = [this, &stream]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return stream.done() || restart_ || stopping_ || shared_.closed || !shared_.final_error.ok();
  };
  const auto answered = [&stream, &ended] { return stream.greeted() || ended(); };
  if (!shared_.mu.AwaitFor(answered, shared_.options.connect_timeout)) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer within ", absl::FormatDuration(shared_.options.connect_timeout)));
  }
  if (!stream.greeted()) return absl::OkStatus();
  retry_->Succeeded();
  ++shared_.stats.connections;
  connected_ = true;
  shared_.contact.Connected();
  while (!shared_.mu.AwaitFor(ended, kTick)) {
    SendCredit(/*all=*/true);
    shared_.advance();
    if (const auto streams = shared_.queue.NewStreams(Instant::Now(), kSilence); streams.has_value()) {
      shared_.mu.Unlock();
      shared_.tell_streams(*streams);
      shared_.mu.Lock();
    }
  }
  connected_ = false;
  shared_.contact.Disconnected();
  return absl::OkStatus();
}

void ShardSampler::EndStream(Stream& stream) {
  if (!stream.done()) {
    stream.Cancel();
    shared_.mu.AwaitUntil([&stream] { return stream.done(); },
                          Instant::InfiniteFuture());  // A cancelled call always ends.
  }
  stream_ = nullptr;
  reader_.Reset();
  message_.Clear();
  if (!restart_) DropPriorities();
  // Replay takes back what was not acknowledged and draws it again: used here, it would count twice.
  shared_.queue.Close(shard_);
  shared_.advance();
}

void ShardSampler::OnMessage(grpc::ByteBuffer& bytes) {
  const absl::Status status = Take(bytes);
  message_.Clear();  // Its memory is the transport's.
  bytes.Clear();
  if (status.ok() && !reader_.complete()) return;
  std::optional<int64_t> streams;
  {
    MutexLock lock(&shared_.mu);
    if (!status.ok()) {
      if (shared_.final_error.ok()) shared_.final_error = status;
      return;
    }
    const Instant now = Instant::Now();
    shared_.queue.Arrived(shard_, message_.header(), now);
    streams = shared_.queue.NewStreams(now, kSilence);
    shared_.advance();
  }
  if (streams.has_value()) shared_.tell_streams(*streams);
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
