// Where the learner's loop gets its batches from: replay over the network (replay_batch_source.h), a table in its own
// process (table_batch_source.h), or a test.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "replay/table/item_key.h"
#include "replay/table/sampled_batch.h"

namespace recbots {

// Functions as those of replay::ReplaySampler. Thread-safe.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual absl::StatusOr<replay::SampledBatch> Next(Instant deadline) = 0;
  virtual absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) = 0;
  virtual void Recycle(replay::SampledBatch batch) = 0;
  virtual absl::Status status() const = 0;
  // Priorities that went nowhere because the row's shard was away.
  virtual int64_t dropped_priorities() const = 0;
};

}  // namespace recbots
