// Runs a table of experiments: trains what is not trained yet, plays the weights of every run, and the references.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "deploy/cli/reproduce/experiment.h"
#include "deploy/cli/reproduce/job_queue.h"
#include "deploy/cli/reproduce/play.h"
#include "deploy/cli/reproduce/results.h"
#include "deploy/cli/reproduce/run_plan.h"

namespace recbots {

struct ReproduceOptions {
  std::vector<Experiment> experiments;
  PlanOptions plan;
  std::string program_dir;  // Where recbots and recbots-train lie.
  int64_t episodes = 5000;  // Users on whom a policy is played, per seed.
  int jobs = 2;             // Runs at a time.
};

// Not thread-safe.
class Reproducer {
 public:
  // Reads and checks every configuration; nothing is started or written.
  //   INVALID_ARGUMENT, NOT_FOUND  see PlanRuns
  static absl::StatusOr<std::unique_ptr<Reproducer>> Create(const ReproduceOptions& options);

  // Does everything, and tells of it by lines to `say`. A run that fails is named there and in the results; the others
  // go on. The caller fills in date and command.
  //   CANCELLED    `stop`; the children have ended, and runs that finished stay in the work directory for the next time
  //   UNAVAILABLE  a run directory cannot be made
  //   FAILED_PRECONDITION  another process reproduces in the same work directory; says which
  absl::StatusOr<Reproduction> Run(std::function<bool()> stop, std::function<void(const std::string&)> say);

 private:
  Reproducer(ReproduceOptions options, std::vector<PlannedRun> runs);

  // Runs of an earlier time are played if they were not yet, the others go into `to_train`.
  absl::Status Begin(std::vector<size_t>& to_train);
  absl::Status Train(const std::vector<size_t>& to_train);
  Job JobOf(const PlannedRun& run) const;
  void OnEnd(const PlannedRun& run, const JobEnd& end, const JobQueue& queue);
  // Plays a finished run, or a reference, and adds what came of it to the results. `how` stands in its line.
  void Finish(const PlannedRun& run, std::optional<double> command_seconds, const std::string& how);
  absl::StatusOr<SeedResult> Measure(const PlannedRun& run, std::optional<double> command_seconds) const;
  void Fail(const PlannedRun& run, const std::string& what, const std::string& excerpt);
  absl::Status AddReferences();
  // How the policies of an experiment are played.
  PlayOptions PlayOf(size_t experiment) const;
  void Say(const std::string& text) const;

  const ReproduceOptions options_;
  const std::vector<PlannedRun> runs_;
  PlayOptions play_;
  std::function<bool()> stop_;
  std::function<void(const std::string&)> say_;
  Instant start_;
  size_t num_done_ = 0;
  Reproduction reproduction_;
};

}  // namespace recbots
