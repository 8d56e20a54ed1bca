// recbots train CONFIG: all roles in one process, deterministic.
#include <ATen/Parallel.h>

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
#include "deploy/cli/train/libraries.h"
#include "deploy/cli/train/trainer.h"
#include "learner/run/go_on.h"
#include "learner/run/report.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  return {
      "recbots train CONFIG [flags]",
      {SetFlag(),
       {"run_dir", "DIR",
        "where report.json, evaluations.jsonl, weights.bin, config.textproto and checkpoints go, and where a run that "
        "was stopped goes on; nothing is written without",
        ""},
       {"fresh", "", "begin a new run: what an earlier run has left in --run_dir moves to DIR/previous", ""},
       {"resume", "DIR", "begin with the networks of the run in DIR, as far as they fit", ""},
       MoreFlag(),
       DeviceFlag(),
       {"quiet", "", "print only the last line", ""},
       {"libraries", "", "which LibTorch and BLAS this is, and nothing else", ""}},
      CommandSyntax::kAnyNumber};
}

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

int Train(const CommandLine& flags) {
  if (flags.has("libraries")) {
    std::cout << DescribeLibraries();
    return kExitOk;
  }
  const absl::StatusOr<v1::ExperimentConfig> config = ReadConfig(flags);
  if (!config.ok()) return Fail(config.status(), kExitBadUsage);
  Shutdown shutdown;  // Before the run directory is touched.
  const auto stop = [&shutdown] { return shutdown.requested(); };
  const absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(*config, flags.value("run_dir"), stop, flags.has("fresh"), flags.value("resume"));
  if (absl::IsCancelled(trainer.status())) {
    return Fail(absl::CancelledError("interrupted before training began: there is nothing to write"), kExitFailed);
  }
  if (!trainer.ok()) return Fail(trainer.status(), kExitBadUsage);
  const bool quiet = flags.has("quiet");
  if ((*trainer)->resumed().has_value() && !quiet) {
    std::cout << DescribeResumed((*trainer)->resumed()->manifest) << std::endl;
  }
  if (!(*trainer)->taken_over().empty() && !quiet) std::cout << (*trainer)->taken_over() << std::endl;
  if ((*trainer)->ended().has_value()) {
    std::cout << FormatEnd(*(*trainer)->ended()) << "; a larger goal, or --more=UPDATES, goes on" << std::endl;
    return kExitOk;
  }
  if (!quiet) std::cout << (*trainer)->device_line() << std::endl;
  const absl::Status status = (*trainer)->Run(stop, [quiet](const std::string& line) {
    if (!quiet) std::cout << line << std::endl;
  });
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
    return recbots::RunCommand(recbots::Syntax(), arguments, recbots::Train);
  });
}
