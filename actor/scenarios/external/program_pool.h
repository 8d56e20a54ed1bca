// The programs of one scenario: idle ones are used again, and all share one budget of restarts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/scenarios/external/hooks.h"
#include "actor/scenarios/external/program.h"
#include "actor/scenarios/external/restart_budget.h"
#include "common/base/mutex.h"

namespace recbots {

// Thread-safe.
class ProgramPool {
 public:
  ProgramPool(const ExternalOptions& options, std::unique_ptr<ProgramLauncher> launcher, ExternalHooks hooks)
      : options_(options),
        launcher_(std::move(launcher)),
        hooks_(std::move(hooks)),
        budget_({.max_restarts = options.max_restarts, .window = absl::Seconds(options.restart_window_seconds)}) {}

  // A program that plays the users, an idle one or a new one.
  // Errors are those of ProgramLauncher::Launch and UserProgram::Begin, explained.
  absl::StatusOr<std::unique_ptr<UserProgram>> Take(const UsersToPlay& users) ABSL_LOCKS_EXCLUDED(mu_);
  // What a new program says it plays. Errors as above.
  absl::StatusOr<ExternalSpecOptions> Describe() ABSL_LOCKS_EXCLUDED(mu_);
  // Gives back a program that works. The next user of it calls Begin.
  void GiveBack(std::unique_ptr<UserProgram> program) ABSL_LOCKS_EXCLUDED(mu_);

  // Notes a failure and waits before the next start.
  //   CANCELLED  told to stop
  //   others     `failure` with the last lines of the program: another try would be of no use, or there were too many
  absl::Status AwaitRestart(const absl::Status& failure, bool starting) ABSL_LOCKS_EXCLUDED(mu_);
  // `failure` with the name of the program; keeps its last lines of output beside the message.
  absl::Status Explain(const absl::Status& failure, UserProgram* program) const;

  ProgramWait StepWait() const { return WaitFor(options_.step_timeout_seconds); }
  const ExternalOptions& options() const { return options_; }
  const ExternalHooks& hooks() const { return hooks_; }

 private:
  ProgramWait WaitFor(double seconds) const {
    return {Instant::Now() + absl::Seconds(seconds), hooks_.stop, hooks_.waits};
  }

  const ExternalOptions options_;
  const std::unique_ptr<ProgramLauncher> launcher_;
  const ExternalHooks hooks_;

  Mutex mu_;
  RestartBudget budget_ ABSL_GUARDED_BY(mu_);
  std::vector<std::unique_ptr<UserProgram>> idle_ ABSL_GUARDED_BY(mu_);
  bool was_ready_ ABSL_GUARDED_BY(mu_) = false;  // A program has been ready: it can work.
};

}  // namespace recbots
