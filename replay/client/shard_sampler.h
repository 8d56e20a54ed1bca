// The stream between a ReplaySampler and one shard, for orders and parts, and the thread that keeps the stream up.
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
  // Connects in the background. `at` is shared->shards[shard]. `shared` and `at` outlive this.
  ShardSampler(SamplerShared* shared, SamplerShard* at, int shard);
  // Ends the stream, and waits until it has ended.
  ~ShardSampler();

 private:
  using Stream = SamplerShard::Stream;

  // Connects and reconnects until stopped, or until there is a final error.
  void Run() ABSL_LOCKS_EXCLUDED(shared_.mu);
  // The channel for the next stream; nullptr: there is to be none.
  std::shared_ptr<grpc::Channel> BeginStream() ABSL_LOCKS_EXCLUDED(shared_.mu);
  // Runs one stream from the call to its end, and returns why it ended.
  absl::Status RunStream(const std::shared_ptr<grpc::Channel>& channel) ABSL_LOCKS_EXCLUDED(shared_.mu);
  // After a stream that ended with `status`: waits until it is time for the next one.
  void AwaitNext(const absl::Status& status) ABSL_LOCKS_EXCLUDED(shared_.mu);

  absl::Status Greet(Stream& stream) ABSL_LOCKS_EXCLUDED(shared_.mu);
  // Waits for one tick, then sends what is unsent and asks for the state if that is old. False: the stream has ended,
  // or is to end.
  bool FollowStream(Stream& stream) ABSL_LOCKS_EXCLUDED(shared_.mu);
  absl::Status EndStream(Stream& stream) ABSL_LOCKS_EXCLUDED(shared_.mu);
  void OnMessage(grpc::ByteBuffer& bytes) ABSL_LOCKS_EXCLUDED(shared_.mu);
  absl::Status Take(const grpc::ByteBuffer& bytes) ABSL_LOCKS_EXCLUDED(shared_.mu);

  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu) { return at_->stopping || shared_.Ended(); }

  SamplerShared& shared_;
  SamplerShard* const at_ ABSL_PT_GUARDED_BY(shared_.mu);
  const int shard_;

  // Used by the current stream, for one message at a time.
  SampleMessage message_;
  PartReader reader_;

  Thread thread_;
};

}  // namespace recbots::replay
