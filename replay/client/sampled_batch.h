// A batch as learners get it.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "recbots/v1/replay.pb.h"
#include "replay/table/column_batch.h"
#include "replay/table/item_key.h"
#include "replay/table/rate_limiter.h"

namespace recbots::replay {

struct SampledBatch {
  ColumnBatch batch;
  std::vector<ItemKey> keys;         // One per row, with the shard; for UpdatePriorities.
  std::vector<float> probabilities;  // With which each row was drawn, shards included. For ImportanceWeights.
  v1::TableState table;              // At the draw; of several shards: their sum, incarnations combined.
  // Rows inserted into all shards since their processes began, those of shards that are gone included, as far as the
  // sampler heard: only grows. What a checkpoint brought does not count.
  int64_t inserted = 0;
  BlockedOn blocked_on = BlockedOn::kNone;
  absl::Duration blocked;  // How long replay held it back, for that reason.
};

}  // namespace recbots::replay
