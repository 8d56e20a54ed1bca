// One shard's side of a ReplaySampler: a stream of orders and parts, and a thread that keeps it up.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/batch_queue.h"
#include "replay/client/client_stream.h"
#include "replay/client/contact.h"
#include "replay/client/part_reader.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/shard_link.h"

namespace recbots::replay {

// What the shards of one sampler have in common. Everything that changes is guarded by mu; batches that are being
// received are written to without it.
struct SamplerShared {
  SamplerShared(const RowSchema& row_schema, const ReplaySamplerOptions& sampler_options);

  const std::shared_ptr<const RowSchema> schema;
  const ReplaySamplerOptions options;
  const v1::SampleCredit first_credit;
  Contact contact;

  mutable Mutex mu;
  BatchQueue queue ABSL_GUARDED_BY(mu);
  // Places and sends what can be ordered, at all shards. Set by the sampler; called with mu held.
  std::function<void()> advance;
  // What NewStreams of the queue says, for who gives streams away. Set by the sampler; called without mu.
  std::function<void(int64_t streams_below)> tell_streams;
  int64_t streams_below ABSL_GUARDED_BY(mu) = 0;  // For the tables to remember.
  bool closed ABSL_GUARDED_BY(mu) = false;
  absl::Status final_error ABSL_GUARDED_BY(mu);
  absl::Status last_error ABSL_GUARDED_BY(mu);
  ReplaySamplerStats stats ABSL_GUARDED_BY(mu);
};

// Methods marked so are called with shared.mu held, by the owner of `shared`; the analysis cannot see that it is the
// same.
class ShardSampler {
 public:
  // Connects in the background. `shard`: from shared->queue. `shared` outlives this.
  ShardSampler(SamplerShared* shared, const ShardAddress& address, int shard);
  // Waits for the end of the stream: without the mutex.
  ~ShardSampler();

  // With the mutex: sends what is ordered, acknowledged, to be remembered and, with such news or when `all`,
  // re-prioritised.
  void SendCredit(bool all) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  // With the mutex. False: it is away, and they were dropped.
  bool AddPriority(ItemKey key, float priority) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  // With the mutex: ends the stream; a new one begins at once. What it had outstanding is ordered anew.
  void Restart() { restart_ = stream_ != nullptr; }
  // With the mutex: goes on at another address, unless it is connected.
  void MoveTo(const ShardAddress& address) { link_.MoveTo(address); }
  // With the mutex: begins to end.
  void Stop() { stopping_ = true; }

  // With the mutex.
  bool connected() const { return link_.connected(); }
  const std::string& target() const { return link_.target(); }
  int shard() const { return shard_; }

 private:
  using Stream = ClientStream<v1::SampleCredit, grpc::ByteBuffer>;

  // Connects and reconnects, until stopped or a final error.
  void Run();
  // One stream, from the call to its end; the result is why it ended.
  absl::Status RunStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);
  absl::Status FollowStream(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);
  void EndStream(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);
  absl::Duration AfterFailure(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);

  void OnMessage(grpc::ByteBuffer& bytes) ABSL_LOCKS_EXCLUDED(shared_.mu);
  absl::Status Take(const grpc::ByteBuffer& bytes) ABSL_LOCKS_EXCLUDED(shared_.mu);
  void DropPriorities() ABSL_EXCLUSIVE_LOCKS_REQUIRED(shared_.mu);

  SamplerShared& shared_;
  const int shard_;

  // Used by the stream under way, one message at a time.
  SampleMessage message_;
  PartReader reader_;

  // Guarded by shared_.mu.
  ShardLink link_;
  Stream* stream_ = nullptr;  // The one under way; owned by RunStream.
  v1::SampleCredit next_;     // Being put together.
  v1::SampleCredit credit_;   // Being sent.
  int64_t said_used_ = 0;
  int64_t said_streams_ = 0;
  bool restart_ = false;
  bool stopping_ = false;

  Thread thread_;
};

}  // namespace recbots::replay
