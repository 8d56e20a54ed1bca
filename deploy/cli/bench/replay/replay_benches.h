// The benches of replay, in the order in which they run (README.md says what each shows).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/replay_server.h"

namespace recbots::replay_bench {

std::vector<Bench> LimitBenches();   // replay/memory, replay/table: limits of any server
Bench ManyObjectsBench();            // replay/many_objects
std::vector<Bench> InsertBenches();  // replay/insert/...
std::vector<Bench> FlushBenches();   // replay/flush/...
std::vector<Bench> SampleBenches();  // replay/sample/...
Bench MixedBench();                  // replay/mixed
Bench LimiterBench();                // replay/limiter
Bench CheckpointBench();             // replay/checkpoint
Bench ChurnBench();                  // replay/churn

// Measures the time from Append of one row until replay has acknowledged it, on a stream without other work, to one of
// the addresses of a server with one table. Returns the number of rows inserted.
absl::StatusOr<int64_t> MeasureFlush(const BenchOptions& options, const ReplayServer& server,
                                     const std::string& address, const std::string& bench,
                                     std::vector<BenchResult>& results);

// A transition of RecSim's interest evolution, which has many columns.
absl::StatusOr<RowSchema> RecsimSchema();

}  // namespace recbots::replay_bench
