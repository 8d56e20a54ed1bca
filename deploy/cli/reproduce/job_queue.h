// Runs programs to their end, a few at a time.
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
  std::string log_path;                // Takes both outputs of the program.
  double cost = 1;                     // Its duration relative to other jobs, in any unit, such as env steps.
  bool alone = false;                  // No other job runs beside it; such jobs come last.
};

struct JobEnd {
  size_t job = 0;  // Index in the list.
  int exit_code = 0;
  double seconds = 0;
  std::string log_excerpt;  // The last lines of the log if the exit code is not 0.
};

// Not thread-safe.
class JobQueue {
 public:
  // At most `at_once` >= 1 jobs run at a time. Costly jobs start first; of equal costs, the first in the list.
  JobQueue(std::vector<Job> jobs, int at_once);

  // Runs all jobs. After each it calls `on_end` in this thread, once the jobs that follow have been started. When
  // `stop` returns true, the running jobs get SIGTERM and have the time `patience` to end, then SIGKILL; no job is left
  // when Run returns. A job that cannot be started counts as ended with exit code 127. Returns whether all jobs ended
  // before a stop.
  bool Run(const std::function<bool()>& stop, const std::function<void(const JobEnd&)>& on_end,
           absl::Duration patience = absl::Seconds(15));

  // Estimates the seconds until all jobs are done from the costs and durations of those that have ended; negative if
  // none has.
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
  std::vector<size_t> waiting_;  // In the order in which they will start.
  std::vector<Running> running_;
  std::vector<JobEnd> ended_;  // Not yet reported to on_end.
  double cost_done_ = 0, seconds_done_ = 0;
};

}  // namespace recbots
