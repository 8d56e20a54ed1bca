// recbots train CONFIG: all roles in one process, deterministic.
#include <ATen/Parallel.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/command_line.h"
#include "common/base/crc32c.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/role/role.h"
#include "deploy/cli/terminal/progress.h"
#include "deploy/cli/train/libraries.h"
#include "deploy/cli/train/train_syntax.h"
#include "deploy/cli/train/trainer.h"
#include "learner/run/go_on.h"
#include "learner/run/report.h"

namespace recbots {
namespace {

absl::StatusOr<v1::ExperimentConfig> ReadConfig(const CommandLine& flags) {
  if (flags.positional().size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.positional().size(), " configurations given, want 1: recbots train CONFIG [flags]"));
  }
  RECBOTS_ASSIGN_OR_RETURN(v1::ExperimentConfig config,
                           LoadExperimentConfig(flags.positional()[0], OverridesOf(flags)));
  RECBOTS_RETURN_IF_ERROR(GoOnForMore(flags, flags.value("run_dir"), config));
  return config;
}

// The share of the run that is done, by the limits of its goal; -1: it has none, and ends when it is good enough.
double ShareOfLimits(const v1::ExperimentConfig& config, const RunCounters& at) {
  const v1::GoalConfig& goal = config.goal();
  double share = -1;
  if (goal.max_updates() > 0) {
    share = std::max(share, static_cast<double>(at.updates) / static_cast<double>(goal.max_updates()));
  }
  if (goal.max_env_steps() > 0) {
    share = std::max(share, static_cast<double>(at.env_steps) / static_cast<double>(goal.max_env_steps()));
  }
  if (goal.max_seconds() > 0) share = std::max(share, at.wall_seconds / goal.max_seconds());
  return share;
}

// What the run goes on from, or has taken over.
void SayHowItBegins(const Trainer& trainer) {
  if (trainer.resumed().has_value()) std::cout << DescribeResumed(trainer.resumed()->manifest) << std::endl;
  if (!trainer.taken_over().empty()) std::cout << trainer.taken_over() << std::endl;
}

int Train(const CommandLine& flags) {
  if (flags.has("libraries")) {
    std::cout << DescribeLibraries();
    return kExitOk;
  }
  const absl::StatusOr<v1::ExperimentConfig> config = ReadConfig(flags);
  if (!config.ok()) return Fail(config.status(), kExitBadUsage);
  Shutdown shutdown;  // Before the run directory is touched.
  const bool quiet = flags.has("quiet");
  Progress progress("train");
  const Trainer* running = nullptr;
  const auto stop = [&] {
    if (running != nullptr && progress.shown() && !quiet) progress.Update(ShareOfLimits(*config, running->counters()));
    return shutdown.requested();
  };
  const absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(*config, flags.value("run_dir"), stop, flags.has("fresh"), flags.value("resume"));
  if (absl::IsCancelled(trainer.status())) {
    return Fail(absl::CancelledError("interrupted before training began: there is nothing to write"), kExitFailed);
  }
  if (!trainer.ok()) return Fail(trainer.status(), kExitBadUsage);
  if (!quiet) SayHowItBegins(**trainer);
  if ((*trainer)->ended().has_value()) {
    std::cout << FormatEnd(*(*trainer)->ended()) << "; a larger goal, or --more=UPDATES, goes on" << std::endl;
    return kExitOk;
  }
  if (!quiet) std::cout << (*trainer)->device_line() << std::endl;
  running = trainer->get();
  const absl::Status status = (*trainer)->Run(stop, [quiet, &progress](const std::string& line) {
    progress.Clear();
    if (!quiet) std::cout << line << std::endl;
  });
  progress.Clear();
  if (!status.ok()) return Fail(status, (*trainer)->reachable().ok() ? kExitFailed : kExitBadUsage);
  const GoalTracker goal = (*trainer)->goal();
  std::cout << "weights crc32c " << absl::StrFormat("%08x", Crc32c((*trainer)->EncodeWeights())) << "\n"
            << FormatVerdict((*trainer)->report(), goal) << std::endl;
  if (goal.Reached((*trainer)->report().ending)) return kExitOk;
  return shutdown.requested() ? kExitInterrupted : kExitFailed;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  at::set_num_threads(1);
  return recbots::RunProgram("train", argc, argv, [](const std::vector<std::string>& arguments) {
    return recbots::RunCommand(recbots::TrainSyntax(), arguments, recbots::Train);
  });
}
