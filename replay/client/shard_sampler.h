// The stream of orders and parts between a ReplaySampler and one shard, and a thread that keeps the stream up.
#pragma once

#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "replay/client/part_reader.h"
#include "replay/client/sampler_shared.h"

namespace recbots::replay {

class ShardSampler {
 public:
  // Connects in the background. `at`: the shard of that ordinal in shared->shards. Both outlive this.
  ShardSampler(SamplerShared* shared, SamplerShard* at, int shard);
  // Ends the stream and waits for its end.
  ~ShardSampler();

 private:
  using Stream = SamplerShard::Stream;

  // Connects and reconnects, until stopped or a final error.
  void Run() ABSL_LOCKS_EXCLUDED(shared_.mu);
  // What the next stream goes through; nullptr: there shall be none.
  std::shared_ptr<grpc::Channel> BeginStream() ABSL_LOCKS_EXCLUDED(shared_.mu);
  // One stream, from the call to its end; the result is why it ended.
  absl::Status RunStream(const std::shared_ptr<grpc::Channel>& channel) ABSL_LOCKS_EXCLUDED(shared_.mu);
  // After a stream that ended for that reason: waits until the time for another one has come.
  void AwaitNext(const absl::Status& status) ABSL_LOCKS_EXCLUDED(shared_.mu);

  absl::Status Greet(Stream& stream) ABSL_LOCKS_EXCLUDED(shared_.mu);
  // Asks for news and sends leftovers, once a tick; tells what there is to tell of random streams. False: the stream
  // ended, or shall.
  bool FollowStream(Stream& stream) ABSL_LOCKS_EXCLUDED(shared_.mu);
  absl::Status EndStream(Stream& stream) ABSL_LOCKS_EXCLUDED(shared_.mu);
  void OnMessage(grpc::ByteBuffer& bytes) ABSL_LOCKS_EXCLUDED(shared_.mu);
  absl::Status Take(const grpc::ByteBuffer& bytes) ABSL_LOCKS_EXCLUDED(shared_.mu);

  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu) { return at_->stopping || shared_.Ended(); }

  SamplerShared& shared_;
  SamplerShard* const at_ ABSL_PT_GUARDED_BY(shared_.mu);
  const int shard_;

  // Used by the stream under way, one message at a time.
  SampleMessage message_;
  PartReader reader_;

  Thread thread_;
};

}  // namespace recbots::replay
