// Where the learner's loop gets its batches from: replay over the network (replay_batch_source.h), a table in its own
// process (table_batch_source.h), or a test.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "replay/table/item_key.h"
#include "replay/table/sampled_batch.h"

namespace recbots {

// The first four functions are those of replay::ReplaySampler. Used by the loop's thread alone.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual absl::StatusOr<replay::SampledBatch> Next(Instant deadline) = 0;
  virtual absl::Status UpdatePriorities(absl::Span<const replay::ItemKey> keys, absl::Span<const float> priorities) = 0;
  // Called once for every batch that was learnt from.
  virtual void Recycle(replay::SampledBatch batch) = 0;
  virtual absl::Status status() const = 0;
  // Priorities that went nowhere because the row's shard was away.
  virtual int64_t dropped_priorities() const = 0;
  // Environment steps of the run so far, as the source counts them.
  virtual int64_t env_steps() const = 0;
  // Whether a run that has used up its environment steps has learnt all that they allow. True where the actors are
  // other processes: they play on, so there is no last row.
  virtual bool drained() const = 0;
};

}  // namespace recbots
