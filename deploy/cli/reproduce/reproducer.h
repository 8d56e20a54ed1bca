// Runs a table of experiments: trains the runs that are not trained yet, and plays the weights of every run and the
// reference policies.
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
  std::string program_dir;  // The folder of recbots and recbots-train.
  int64_t episodes = 5000;  // How many users a policy plays, per seed.
  int jobs = 2;             // How many runs train at a time.
};

// Not thread-safe.
class Reproducer {
 public:
  // Reads and checks every configuration; nothing is started or written.
  //   INVALID_ARGUMENT, NOT_FOUND  see PlanRuns
  static absl::StatusOr<std::unique_ptr<Reproducer>> Create(const ReproduceOptions& options);

  // Does everything, and reports it line by line to `say`. A run that fails is named there and in the results; the
  // other runs go on. The caller fills in date, command and machine.
  //   CANCELLED            `stop` returned true; all children have ended, and the next Run finds the finished runs in
  //                        the work directory
  //   FAILED_PRECONDITION  another process reproduces in the same work directory; says which
  //   others               a folder cannot be made (FileError), or a reference policy cannot be played
  absl::StatusOr<Reproduction> Run(std::function<bool()> stop, std::function<void(const std::string&)> say);
  // The share of all runs that are finished, 0 to 1. For `stop` and `say`, which Run calls.
  double share_done() const { return static_cast<double>(num_done_) / static_cast<double>(runs_.size()); }

 private:
  Reproducer(ReproduceOptions options, std::vector<PlannedRun> runs);

  // Finishes references and runs that an earlier Run has trained; adds the other runs to `to_train`.
  absl::Status Begin(std::vector<size_t>& to_train);
  absl::Status Train(const std::vector<size_t>& to_train);
  Job JobOf(const PlannedRun& run) const;
  void OnEnd(const PlannedRun& run, const JobEnd& end, const JobQueue& queue);
  // Plays a finished run, or a reference, and adds the result. `how` becomes part of the line to `say_`.
  void Finish(const PlannedRun& run, std::optional<double> command_seconds, const std::string& how);
  absl::StatusOr<SeedResult> Measure(const PlannedRun& run, std::optional<double> command_seconds) const;
  void Fail(const PlannedRun& run, const std::string& what, const std::string& excerpt);
  absl::Status AddReferences();
  // The options with which the policies of an experiment are played.
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
