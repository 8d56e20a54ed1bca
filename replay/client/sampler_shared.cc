#include "replay/client/sampler_shared.h"

#include <algorithm>

#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::replay {
namespace {

// A shard that holds up a batch for kPatience, while another one has nothing to do, is left out for kSuspension.
constexpr absl::Duration kPatience = absl::Seconds(3);
constexpr absl::Duration kSuspension = absl::Seconds(10);

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
      connections(options.retry.give_up_after),
      queue({schema, options.batch_size, options.batches_in_flight, options.seed, Instant::Now()}) {}

size_t SamplerShared::AddShard(const ShardAddress& address) {
  const int shard = queue.AddShard();
  const auto batch_bytes = static_cast<int64_t>(schema->batch_bytes(static_cast<size_t>(options.batch_size)));
  const ShardLink::Options link = {.retry = options.retry,
                                   .connect_timeout = options.connect_timeout,
                                   .channel = {.bulk = batch_bytes >= kBulkBytes, .security = options.security}};
  shards[static_cast<size_t>(shard)] = std::make_unique<SamplerShard>(
      SamplerShard{SamplerSession(&queue, shard, &first_credit), ShardLink(link, &connections, address)});
  return static_cast<size_t>(shard);
}

void SamplerShared::RemoveShard(size_t shard) {
  queue.RemoveShard(static_cast<int>(shard));
  shards[shard] = nullptr;
}

void SamplerShared::Advance() {
  const Instant now = Instant::Now();
  if (const auto stalled = queue.Stalled(now, kPatience); stalled.has_value()) {
    SamplerShard& shard = *shards[static_cast<size_t>(*stalled)];
    RECBOTS_LOG(WARNING) << "a shard of replay holds batches up, going on without it"
                         << Field("address", shard.link.target());
    queue.Suspend(*stalled, now + kSuspension);
    shard.Restart();
  }
  queue.PlaceRows(now);
  for (const auto& shard : shards) {
    if (shard != nullptr) SendCredit(*shard, /*all=*/false);
  }
  if (!queue.Stuck()) return;
  queue.AwaitCloses();
  for (const auto& shard : shards) {
    if (shard != nullptr) shard->Restart();
  }
}

void SamplerShared::SendCredit(SamplerShard& shard, bool all) {
  if (shard.stream == nullptr || shard.restart || !shard.stream->can_write()) return;
  const v1::SampleCredit* const credit = shard.session.NextCredit(streams_below, all, Instant::Now());
  if (credit != nullptr) shard.stream->Write(credit);
}

void SamplerShared::UseStreams(int64_t below) {
  MutexLock lock(&mu);
  streams_below = std::max(streams_below, below);
  Advance();
}

void SamplerShared::TellStreams(int64_t heard) {
  if (options.on_streams) UseStreams(options.on_streams(heard));
}

}  // namespace recbots::replay
