// What `recbots bench` runs. One figure is the median of several windows; ratios are of figures from the same run.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace recbots {

struct BenchOptions {
  absl::Duration window = absl::Milliseconds(500);  // Length of one window.
  int windows = 7;                                  // The median of so many is reported.
  absl::Duration duration = absl::Seconds(10);      // Of what runs on for a while (replay/limiter, replay/churn).
  int64_t table_bytes = 400'000'000;                // Rows that replay holds, in bytes.
  std::string program_dir;                          // Where recbots and the roles lie (loop, replay).
  std::string config_path;                          // The experiment of the loop bench; the others set up their own.
};

// One line of JSON: {"bench": ..., "metric": ..., "value": ..., "unit": ..., "better": "higher" | "lower"}.
struct BenchResult {
  std::string bench;
  std::string metric;
  double value = 0;
  std::string unit;
  bool higher_is_better = true;
  // "lowest", "highest": of the windows.
  std::optional<double> lowest = {};
  std::optional<double> highest = {};
  // "disturbed": true: other processes took a part of the machine meanwhile.
  bool disturbed = false;
};

struct Bench {
  std::string name;  // "env/document_browsing"; `recbots bench env` runs all of env/...
  std::function<absl::StatusOr<std::vector<BenchResult>>(const BenchOptions&)> run;
};

// Calls `work` (which returns the number of things it did) again and again for one window after the other; the median
// number of things per second.
double MedianRate(const BenchOptions& options, const std::function<double()>& work);
double Median(std::vector<double> values);

// Each in a file of its own beside this one.
std::vector<Bench> EnvironmentBenches();  // env/SCENARIO: steps_per_second on one core, speedup_of_two_threads
std::vector<Bench> ReplayBenches();       // replay/...: see replay/README.md
std::vector<Bench> DenseBenches();        // dense/...: gflops of the matrix kernel, share_of_core
std::vector<Bench> SlateBenches();        // slate/...: RULE_microseconds per state
Bench UpdatesBench();                     // updates: updates_per_second
Bench ActingBench();                      // acting: steps_per_second, with the stream to replay
Bench SlateQBench();                      // slate_q: acting_steps_per_second, updates_per_second
Bench LoopBench();                        // loop: wall_seconds

}  // namespace recbots
