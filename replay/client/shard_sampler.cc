#include "replay/client/shard_sampler.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::replay {
namespace {

// How long a shard that has not told its state is waited for when that of another is known.
constexpr absl::Duration kSilence = absl::Seconds(3);
// How often news are asked for and leftovers sent.
constexpr absl::Duration kTick = absl::Milliseconds(100);

v1::SampleCredit FirstCredit(const RowSchema& schema, const ReplaySamplerOptions& options) {
  v1::SampleCredit credit;
  credit.set_table(options.table);
  *credit.mutable_schema() = RowSchemaToProto(schema);
  credit.set_max_rows(options.batch_size);
  credit.set_max_batches(options.batches_in_flight);
  *credit.mutable_identity() = options.identity;
  return credit;
}

ShardLink::Options LinkOptions(const SamplerShared& shared) {
  const ReplaySamplerOptions& options = shared.options;
  const auto batch_bytes = static_cast<int64_t>(shared.schema->batch_bytes(static_cast<size_t>(options.batch_size)));
  return {.retry = options.retry,
          .connect_timeout = options.connect_timeout,
          .channel = {.bulk = batch_bytes >= kBulkBytes, .security = options.security}};
}

}  // namespace

SamplerShared::SamplerShared(const RowSchema& row_schema, const ReplaySamplerOptions& sampler_options)
    : schema(std::make_shared<const RowSchema>(row_schema)),
      options(sampler_options),
      first_credit(FirstCredit(row_schema, sampler_options)),
      contact(options.retry.give_up_after),
      queue({schema, options.batch_size, options.batches_in_flight, options.seed, Instant::Now()}) {}

ShardSampler::ShardSampler(SamplerShared* shared, const ShardAddress& address, int shard)
    : shared_(*shared),
      shard_(shard),
      reader_(shared->schema.get(), shard),
      link_(LinkOptions(*shared), &shared->contact, address),
      thread_("replay-sampler", [this] { Run(); }) {}

ShardSampler::~ShardSampler() {
  MutexLock lock(&shared_.mu);
  stopping_ = true;
}  // Thread, the last member, is joined first.

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
    link_.Arrive();
    const absl::Status status = RunStream();
    if (ending()) break;
    if (std::exchange(restart_, false)) continue;
    const absl::Duration delay = AfterFailure(status);
    shared_.mu.AwaitFor([this, &ending] { return ending() || link_.moving(); }, delay);
  }
}

absl::Duration ShardSampler::AfterFailure(const absl::Status& status) {
  shared_.last_error = status;
  const absl::StatusOr<absl::Duration> delay = link_.Failed(status);
  if (delay.ok()) return *delay;
  if (shared_.final_error.ok()) shared_.final_error = delay.status();
  RECBOTS_LOG(ERROR) << "replay sampler gives up" << Field("address", link_.address().target)
                     << Field("error", delay.status().ToString());
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
                link_.channel(), "Sample", shared_.options.security.get());
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
  RECBOTS_RETURN_IF_ERROR(link_.AwaitAnswer(shared_.mu, answered));
  if (!stream.greeted()) return absl::OkStatus();
  link_.Answered();
  ++shared_.stats.connections;
  link_.Connected();
  while (!shared_.mu.AwaitFor(ended, kTick)) {
    SendCredit(/*all=*/true);
    shared_.advance();
    if (const auto streams = shared_.queue.NewStreams(Instant::Now(), kSilence); streams.has_value()) {
      shared_.mu.Unlock();
      shared_.tell_streams(*streams);
      shared_.mu.Lock();
    }
  }
  link_.Disconnected();
  return absl::OkStatus();
}

void ShardSampler::EndStream(Stream& stream) {
  stream.AwaitEnd();
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
