// What the shards of one ReplaySampler have in common.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <array>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/base/row_schema.h"
#include "common/rpc/client_stream.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/batch_queue.h"
#include "replay/client/connection_monitor.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/sampler_session.h"
#include "replay/client/shard_link.h"
#include "replay/table/item_key.h"

namespace recbots::replay {

// What the sampler and the shard's thread share about one shard.
struct SamplerShard {
  using Stream = ClientStream<v1::SampleCredit, grpc::ByteBuffer>;

  // Ends the stream, after which a new one begins at once; what was outstanding is ordered again.
  void Restart() { restart = stream != nullptr; }

  SamplerSession session;
  ShardLink link;
  Stream* stream = nullptr;  // The current stream, which the shard's thread owns.
  bool restart = false;
  bool stopping = false;
};

// Everything that changes is guarded by mu, except the rows of batches, which are written without it as they arrive.
struct SamplerShared {
  SamplerShared(const RowSchema& row_schema, const ReplaySamplerOptions& sampler_options);

  // Adds a shard and returns its ordinal. RemoveShard may be called once the shard's thread is gone.
  size_t AddShard(const ShardAddress& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void RemoveShard(size_t shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Places and sends the orders that are possible, at all shards, and ends streams that hold everything up.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Sends new orders, acknowledgements and streams to remember, if any; then, or if `all`, new priorities, too.
  void SendCredit(SamplerShard& shard, bool all) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // As ReplaySampler::UseStreams.
  void UseStreams(int64_t below) ABSL_LOCKS_EXCLUDED(mu);
  // Passes what BatchQueue::NewStreams returned to options.on_streams, and its answer to UseStreams.
  void TellStreams(int64_t streams_below) ABSL_LOCKS_EXCLUDED(mu);
  // No more batches will come.
  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) { return closed || !final_error.ok(); }
  void Fail(const absl::Status& error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (final_error.ok()) final_error = error;
  }

  const std::shared_ptr<const RowSchema> schema;
  const ReplaySamplerOptions options;
  const v1::SampleCredit first_credit;
  ConnectionMonitor connections;

  mutable Mutex mu;
  BatchQueue queue ABSL_GUARDED_BY(mu);
  std::array<std::unique_ptr<SamplerShard>, kMaxShards> shards ABSL_GUARDED_BY(mu);  // By ordinal.
  int64_t streams_below ABSL_GUARDED_BY(mu) = 0;                                     // What tables have to remember.
  bool closed ABSL_GUARDED_BY(mu) = false;
  absl::Status final_error ABSL_GUARDED_BY(mu);
  absl::Status last_error ABSL_GUARDED_BY(mu);
  ReplaySamplerStats stats ABSL_GUARDED_BY(mu);
};

}  // namespace recbots::replay
