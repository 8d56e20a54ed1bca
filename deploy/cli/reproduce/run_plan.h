// The runs that a table of experiments asks for, where each of them lies on disk, and which of them are done.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/cli/reproduce/experiment.h"
#include "deploy/cli/reproduce/results.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct PlanOptions {
  std::string config_dir;  // Where the configurations lie.
  std::string work_dir;    // Run directories are work_dir/NAME/seed-S.
  int num_seeds = 3;
  // Share of the training steps, at least those that replay waits for, and of the steps over which exploration changes.
  double scale = 1;
};

// One seed of one experiment.
struct PlannedRun {
  size_t experiment = 0;  // Index in the table.
  std::string name;       // "paper/ql-ot-os seed 2"
  uint64_t seed = 1;      // 1, 2, ...
  bool trains = true;     // false: plays a reference, and has no directory.
  bool cluster = false;
  std::string config_path;
  std::vector<std::string> overrides;  // All of them, seed and limits included.
  v1::ExperimentConfig config;         // With the overrides.
  std::string run_dir;
  // An earlier run of the plan that is the very same: what came of it counts for both, and run_dir is its own.
  std::optional<size_t> same_as;
};

// The runs in the order of the table. A run ends by goal.max_env_steps alone: other goals of a configuration are taken
// out. Clusters have one seed.
//   INVALID_ARGUMENT, NOT_FOUND  a configuration that is missing, cannot be read or trained, or has no max_env_steps;
//                                names the experiment
absl::StatusOr<std::vector<PlannedRun>> PlanRuns(const std::vector<Experiment>& experiments,
                                                 const PlanOptions& options);

// Program, configuration and flags of a run that trains.
std::vector<std::string> CommandOf(const PlannedRun& run, const std::string& program_dir);

// Whether the directory holds such a run, ended as it should: the same configuration, a report, weights.
bool IsFinished(const PlannedRun& run);

// Makes the directory, and takes out what an earlier run has left.
// Errors as MakeFolder (common/base/file.h).
absl::Status PrepareDirectory(const PlannedRun& run);

// Seconds, losses and curve of a finished run. Errors as ReadReport (learner/run/report.h).
absl::StatusOr<SeedResult> ReadRun(const PlannedRun& run);

// What was found out about a run beside its report, kept in its directory (reproduce.json) for the next time: how its
// last weights played on `episodes` users, and command_seconds. Reading gives false where there is no such thing.
bool ReadNotes(const PlannedRun& run, int64_t episodes, SeedResult& result);
void WriteNotes(const PlannedRun& run, int64_t episodes, const SeedResult& result);

}  // namespace recbots
