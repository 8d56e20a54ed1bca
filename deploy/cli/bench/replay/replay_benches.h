// The benches of replay, in the order in which they run (README.md says what each shows).
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "deploy/cli/bench/bench.h"

namespace recbots::replay_bench {

std::vector<Bench> LimitBenches();   // replay/memory, replay/table: what no server can exceed
Bench ManyObjectsBench();            // replay/many_objects
std::vector<Bench> InsertBenches();  // replay/insert/...
std::vector<Bench> SampleBenches();  // replay/sample/...
Bench MixedBench();                  // replay/mixed
Bench LimiterBench();                // replay/limiter
Bench CheckpointBench();             // replay/checkpoint
Bench ChurnBench();                  // replay/churn

// A transition of RecSim's interest evolution: many columns.
absl::StatusOr<RowSchema> RecsimSchema();

}  // namespace recbots::replay_bench
