// The benches that `recbots bench` runs. A figure is the median of several windows; ratios compare figures of the same
// run. Every figure names the processor on which it was taken, the number of cores that it took, and what it leaves
// out.
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
  int windows = 7;                                  // The median of this many is reported.
  absl::Duration duration = absl::Seconds(10);      // For long benches (replay/limiter, replay/churn).
  int64_t table_bytes = 400'000'000;                // Rows that replay holds, in bytes.
  std::string device = "cpu";                       // Where the updates benches learn (learner.device).
  bool operators = false;                           // By LibTorch's operators also where there are kernels of our own.
  std::string program_dir;                          // The folder of recbots and the roles (loop, replay).
  std::string config_path;                          // The experiment of the loop bench; others need none.
};

// One line of JSON: {"bench": ..., "metric": ..., "value": ..., "unit": ..., "better": "higher" | "lower"}, followed by
// "cores_used", "processor" (the system's name for it), "arch" (what our code was compiled for) and "left_out".
struct BenchResult {
  std::string bench;
  std::string metric;
  double value = 0;
  std::string unit;
  bool higher_is_better = true;
  // "lowest", "highest": the extremes of the windows.
  std::optional<double> lowest = {};
  std::optional<double> highest = {};
  // "disturbed": true if other processes used a part of the machine meanwhile.
  bool disturbed = false;
  // "cores_used": seconds of processor time per second of the windows, of this process and the processes that it
  // measures. If a bench does not know it, the figure of the whole bench with its preparations is shown.
  std::optional<double> cores_used = {};
};

struct Bench {
  std::string name;  // "env/document_browsing"; `recbots bench env` runs all of env/...
  std::function<absl::StatusOr<std::vector<BenchResult>>(const BenchOptions&)> run;
  std::string left_out = {};  // What a user's run does in addition, outside of the figures.
};

struct Rate {
  double per_second = 0;
  double cores_used = 0;
};
// Calls `work`, which returns the number of things that it did, repeatedly for one window after the other. Returns the
// median number of things per second, and the cores that this process used in all windows together.
Rate MedianRate(const BenchOptions& options, const std::function<double()>& work);
double Median(std::vector<double> values);

// Processor time in seconds of this process and, with `children`, of those of its children that have ended.
double ProcessorSeconds(bool children = false);

// Each is defined in a separate file in this folder.
std::vector<Bench> EnvironmentBenches();  // env/SCENARIO: steps_per_second on one core, speedup_of_two_threads
std::vector<Bench> ExternalBenches();     // external/USERS: steps of an environment in a Python program
std::vector<Bench> ReplayBenches();       // replay/...: see replay/README.md
std::vector<Bench> LoadBenches();         // load/...: many clients, and clients that misbehave
std::vector<Bench> DenseBenches();        // dense/...: gflops of the matrix kernel, share_of_core
std::vector<Bench> SlateBenches();        // slate/...: RULE_microseconds per state
std::vector<Bench> UpdatesBenches();      // updates, updates/BATCHxUNITS, ...: updates_per_second, share_of_core
std::vector<Bench> GroupBenches();        // group/BATCHxUNITS: rows_per_second of two learners, times_one_learner
Bench ActingBench();                      // acting: steps_per_second, with the stream to replay
std::vector<Bench> SlateQBenches();       // slate_q, slate_q/...: acting_steps_per_second, updates_per_second
Bench LoopBench();                        // loop: wall_seconds

}  // namespace recbots
