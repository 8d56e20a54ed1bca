// A batch in the form in which learners get it, from a sampler over the network (replay/client) or from a table in
// their own process.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "recbots/v1/replay.pb.h"
#include "replay/table/column_batch.h"
#include "replay/table/item_key.h"
#include "replay/table/rate_limiter.h"

namespace recbots::replay {

// Counters since a sampler began, without what was in the tables before. They cover all shards, including shards that
// are gone, as far as the sampler has heard, and only grow.
struct SampledCounts {
  int64_t inserted = 0;  // Rows.
  int64_t sampled = 0;   // Rows sampled by all readers, minus refunds that come before the next draw.
  int64_t priorities_stale = 0;
  int64_t priorities_refused = 0;
  // An exception: rows inserted before the sampler began, as the tables counted them. If it is 0, every row drawn was
  // inserted since.
  int64_t inserted_before = 0;
};

struct SampledBatch {
  ColumnBatch batch;
  std::vector<ItemKey> keys;         // One per row, with the shard; for UpdatePriorities.
  std::vector<float> probabilities;  // The probability of each row's draw, shards included; for ImportanceWeights.
  v1::TableState table;              // At the draw; with several shards their sum, and incarnations combined.
  SampledCounts counts;              // The newest.
  BlockedOn blocked_on = BlockedOn::kNone;
  absl::Duration blocked;  // How long replay held the batch back for this reason.
};

}  // namespace recbots::replay
