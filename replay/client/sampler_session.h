// Collects what a sampler has to say to one shard, in as few messages as possible: orders and acknowledgements as its
// BatchQueue decides them, new priorities, and which random streams are in use.
//
// Plain bookkeeping: knows no network and no clock. Not thread-safe: the sampler guards it.
#pragma once

#include <cstdint>

#include "common/base/instant.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/batch_queue.h"
#include "replay/table/item_key.h"

namespace recbots::replay {

class SamplerSession {
 public:
  // `first`: what every stream begins with. Both outlive this.
  SamplerSession(BatchQueue* queue, int shard, const v1::SampleCredit* first)
      : queue_(*queue), shard_(shard), first_(*first) {}

  // A stream begins: its first message, which stays as it is until NextCredit.
  const v1::SampleCredit* BeginStream(Instant now);
  // The stream ended, and what was ordered on it is lost. If `keep`, unsent priorities wait for the next stream.
  // Otherwise they are dropped; returns how many.
  int64_t EndStream(bool keep);

  // Adds a new priority to the next message. Returns how many priorities were dropped: this one if there is no stream,
  // or all earlier ones if too many were waiting.
  int64_t AddPriority(ItemKey key, float priority);
  // The next message, or nullptr if there is nothing to say; it stays as it is until the next call. Priorities alone
  // make a message only if `all`. Random streams below `streams_below` are in use.
  const v1::SampleCredit* NextCredit(int64_t streams_below, bool all, Instant now);

 private:
  void AddOrders(Instant now);

  BatchQueue& queue_;
  const int shard_;
  const v1::SampleCredit& first_;
  bool open_ = false;
  v1::SampleCredit next_;    // Being put together.
  v1::SampleCredit credit_;  // Being sent.
  int64_t said_used_ = 0;    // What the newest message of this stream said.
  int64_t said_streams_ = 0;
};

}  // namespace recbots::replay
