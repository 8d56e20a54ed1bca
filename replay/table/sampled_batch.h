// A batch as learners get it, from a sampler over the network (replay/client) or from a table in their own process.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "recbots/v1/replay.pb.h"
#include "replay/table/column_batch.h"
#include "replay/table/item_key.h"
#include "replay/table/rate_limiter.h"

namespace recbots::replay {

// What was counted since a sampler began, whatever was in the tables before, over all shards, those that are gone
// included, as far as it heard. Only grows.
struct SampledCounts {
  int64_t inserted = 0;  // Rows.
  int64_t sampled = 0;   // Rows, by all readers; refunds are taken off as far as they come before the next draw.
  int64_t priorities_stale = 0;
  int64_t priorities_refused = 0;
  // Not of the sampler's time: rows that had been inserted before it began, as the tables counted them. 0: every row
  // that it draws came since.
  int64_t inserted_before = 0;
};

struct SampledBatch {
  ColumnBatch batch;
  std::vector<ItemKey> keys;         // One per row, with the shard; for UpdatePriorities.
  std::vector<float> probabilities;  // With which each row was drawn, shards included. For ImportanceWeights.
  v1::TableState table;              // At the draw; of several shards: their sum, incarnations combined.
  SampledCounts counts;              // The newest.
  BlockedOn blocked_on = BlockedOn::kNone;
  absl::Duration blocked;  // How long replay held it back, for that reason.
};

}  // namespace recbots::replay
