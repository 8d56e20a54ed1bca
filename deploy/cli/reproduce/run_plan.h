// The runs that a table of experiments needs, their directories, and which of them are finished.
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
  std::string config_dir;  // The folder of the configurations.
  std::string work_dir;    // Run directories are work_dir/NAME/seed-S.
  int num_seeds = 3;
  // Multiplies the steps of training (but not below the number that replay waits for) and the steps over which
  // exploration changes.
  double scale = 1;
};

// One seed of one experiment.
struct PlannedRun {
  size_t experiment = 0;  // Index in the table.
  std::string name;       // "paper/ql-ot-os seed 2"
  uint64_t seed = 1;      // 1, 2, ...
  bool trains = true;     // False: the run plays a reference, and has no directory.
  bool cluster = false;
  std::string config_path;
  std::vector<std::string> overrides;  // All overrides, including seed and limits.
  v1::ExperimentConfig config;         // With the overrides applied.
  std::string run_dir;
  // An earlier run of the plan with the same configuration: both have its result and its run_dir.
  std::optional<size_t> same_as;
};

// The runs in the order of the table. A run ends only by goal.max_env_steps; other goals of a configuration are
// switched off. Clusters have one seed.
//   INVALID_ARGUMENT, NOT_FOUND  a configuration is missing, cannot be read or trained, or has no max_env_steps; names
//                                the experiment
absl::StatusOr<std::vector<PlannedRun>> PlanRuns(const std::vector<Experiment>& experiments,
                                                 const PlanOptions& options);

// The command of a run that trains: program, configuration and flags.
std::vector<std::string> CommandOf(const PlannedRun& run, const std::string& program_dir);

// Whether the directory holds this run, completed: the same configuration (and content of the files that it names),
// weights, and a report that reached the goal.
bool IsFinished(const PlannedRun& run);

// Makes the directory, and removes the files of an earlier run. Errors as MakeFolder (common/base/file.h).
absl::Status PrepareDirectory(const PlannedRun& run);

// Reads seconds, losses and curve of a finished run. Errors as ReadReport (learner/run/report.h).
absl::StatusOr<SeedResult> ReadRun(const PlannedRun& run);

// Results of a run that its report does not have, kept in its directory (reproduce.json) for a later reproduction:
// those of its last weights on `episodes` users, and command_seconds. ReadNotes returns false if the former are not
// there.
bool ReadNotes(const PlannedRun& run, int64_t episodes, SeedResult& result);
void WriteNotes(const PlannedRun& run, int64_t episodes, const SeedResult& result);

}  // namespace recbots
