// What the shards of one ReplaySampler have in common.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <array>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "common/base/mutex.h"
#include "common/base/row_schema.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/batch_queue.h"
#include "replay/client/client_stream.h"
#include "replay/client/connection_monitor.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/sampler_session.h"
#include "replay/client/shard_link.h"
#include "replay/table/item_key.h"

namespace recbots::replay {

// One shard, as far as the sampler and the shard's thread both look at it.
struct SamplerShard {
  using Stream = ClientStream<v1::SampleCredit, grpc::ByteBuffer>;

  // Ends the stream; a new one begins at once. What it had outstanding is ordered again.
  void Restart() { restart = stream != nullptr; }

  SamplerSession session;
  ShardLink link;
  Stream* stream = nullptr;  // The one under way; the thread's.
  bool restart = false;
  bool stopping = false;
};

// Everything that changes is guarded by mu; batches that are being received are written to without it.
struct SamplerShared {
  SamplerShared(const RowSchema& row_schema, const ReplaySamplerOptions& sampler_options);

  // A new shard; returns its ordinal. RemoveShard: once its thread is gone.
  size_t AddShard(const ShardAddress& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void RemoveShard(size_t shard) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Places and sends what can be ordered, at all shards, and ends streams that would hold everything up.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Sends what is ordered, acknowledged, to be remembered and, with such news or when `all`, re-prioritised.
  void SendCredit(SamplerShard& shard, bool all) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // As of ReplaySampler.
  void UseStreams(int64_t below) ABSL_LOCKS_EXCLUDED(mu);
  // What NewStreams of the queue says, for who gives streams away.
  void TellStreams(int64_t streams_below) ABSL_LOCKS_EXCLUDED(mu);
  // Nothing more will come.
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
  int64_t streams_below ABSL_GUARDED_BY(mu) = 0;                                     // For the tables to remember.
  bool closed ABSL_GUARDED_BY(mu) = false;
  absl::Status final_error ABSL_GUARDED_BY(mu);
  absl::Status last_error ABSL_GUARDED_BY(mu);
  ReplaySamplerStats stats ABSL_GUARDED_BY(mu);
};

}  // namespace recbots::replay
