// Programs that are run to their end, a few at a time.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots {

struct Job {
  std::string name;                    // For messages.
  std::vector<std::string> arguments;  // The program's path first.
  std::string log_path;                // Of both outputs.
  double cost = 1;                     // How long it takes beside the others, in any unit: env steps.
  bool alone = false;                  // Nothing else runs beside it; such jobs come last.
};

struct JobEnd {
  size_t job = 0;  // Index in the list.
  int exit_code = 0;
  double seconds = 0;
  std::string log_excerpt;  // Its last lines, where the exit code is not 0.
};

// Not thread-safe.
class JobQueue {
 public:
  // At most `at_once` >= 1 run at a time; the costly ones start first, in the order of the list where they cost the
  // same.
  JobQueue(std::vector<Job> jobs, int at_once);

  // Runs them all. `on_end` is called after each, in this thread, when those that follow it have been started. When
  // `stop` says so, those that run get SIGTERM and `patience` to end, then SIGKILL; nothing is left when this returns.
  // A job that cannot be started counts as ended with exit code 127. Returns whether all ended before a stop.
  bool Run(const std::function<bool()>& stop, const std::function<void(const JobEnd&)>& on_end,
           absl::Duration patience = absl::Seconds(15));

  // Seconds until all are done, judged by what those that have ended cost; negative: none has yet.
  double SecondsLeft() const;

 private:
  struct Running {
    size_t job;
    Instant start;
    ChildProcess child;
  };

  void StartJobs();
  bool MayStart(const Job& job) const;
  void CollectEnded();
  void Terminate(absl::Duration patience);

  const std::vector<Job> jobs_;
  const size_t at_once_;
  std::vector<size_t> waiting_;  // In the order of starting.
  std::vector<Running> running_;
  std::vector<JobEnd> ended_;  // Not yet told of.
  double cost_done_ = 0, seconds_done_ = 0;
};

}  // namespace recbots
