// The settings of a table, and what can be checked of them before the schema of its rows is known.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "replay/table/rate_limiter.h"
#include "replay/table/selectors/selector.h"

namespace recbots::replay {

struct TableOptions {
  // For messages, streams and checkpoints.
  std::string name = "transitions";
  // Both hold: 1..2^32-1 rows; at least one row's bytes and bookkeeping. Memory is used only as rows come.
  int64_t capacity_rows = 100'000;
  int64_t capacity_bytes = int64_t{1} << 30;
  SelectorKind sampler = SelectorKind::kUniform;
  // kOldest, kNewest or kLowestPriority.
  SelectorKind remover = SelectorKind::kOldest;
  // alpha of kPrioritized, 0..10.
  double priority_exponent = 0.6;
  // At most 65535; 0 means no bound.
  int32_t max_times_sampled = 0;
  // min_size or queue_size must fit the capacity.
  RateLimiterOptions rate_limiter = {};
  // The number of writers to remember; each takes about 64 bytes.
  int64_t max_writers = 4096;
  // Key of the random draws: the same operations on tables with the same seed draw the same rows.
  uint64_t seed = 0;
};

// Checks every setting by itself, and those that are tied to each other. A limiter is compared with capacity_rows, as
// if capacity_bytes had room for as many rows of any schema; Table::Create compares it with the true capacity.
//   INVALID_ARGUMENT  names table, setting, value and bound
absl::Status CheckTableOptions(const TableOptions& options);

// Checks the rules that tie a limiter to a capacity in rows; errors as above.
absl::Status CheckLimiterFits(const TableOptions& options, const RateLimiterOptions& limiter, int64_t capacity);

}  // namespace recbots::replay
