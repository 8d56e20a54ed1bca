// recbots train CONFIG: all roles in one process, deterministic.
#include <ATen/Parallel.h>

#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "actor/client/experiment_identity.h"
#include "common/base/command_line.h"
#include "common/base/crc32c.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/inference/weights.h"
#include "common/role/role.h"
#include "common/role/run_directory.h"
#include "deploy/cli/train/libraries.h"
#include "deploy/cli/train/trainer.h"
#include "learner/run/evaluation_log.h"
#include "learner/run/results.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  return {
      "recbots train CONFIG [flags]",
      {SetFlag(),
       {"run_dir", "DIR",
        "where report.json, evaluations.jsonl, weights.bin and config.textproto go; nothing is written without", ""},
       {"quiet", "", "print only the last line", ""},
       {"libraries", "", "which LibTorch and BLAS this is, and nothing else", ""}},
      CommandSyntax::kAnyNumber};
}

absl::StatusOr<v1::ExperimentConfig> ReadConfig(const CommandLine& flags) {
  if (flags.positional().size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.positional().size(), " configurations given, want 1: recbots train CONFIG [flags]"));
  }
  return LoadExperimentConfig(flags.positional()[0], flags.values("set"));
}

// Nothing where no run directory is asked for.
absl::StatusOr<std::optional<RunDirectory>> Claim(const std::string& run_dir) {
  std::optional<RunDirectory> claimed;
  if (run_dir.empty()) return claimed;
  RECBOTS_ASSIGN_OR_RETURN(RunDirectory directory, RunDirectory::Claim(run_dir, "recbots train"));
  claimed.emplace(std::move(directory));
  return claimed;
}

// What was learnt, whatever ended the run with `ended`. The error that the user should see, or OK.
absl::Status Save(const std::string& run_dir, const Trainer& trainer, const EvaluationLog& curve,
                  const absl::Status& ended) {
  const RunResults results{trainer.report(), trainer.goal(),
                           FiniteWeights(WithIdentity(trainer.EncodeWeights(), trainer.identity())), curve.status()};
  return JoinErrors(ended, SaveResults(run_dir, results));
}

int Train(const CommandLine& flags) {
  if (flags.has("libraries")) {
    std::cout << DescribeLibraries();
    return kExitOk;
  }
  const absl::StatusOr<v1::ExperimentConfig> config = ReadConfig(flags);
  if (!config.ok()) return Fail(config.status(), kExitBadUsage);
  Shutdown shutdown;  // Before the run directory is touched.
  const std::string& run_dir = flags.value("run_dir");
  const absl::StatusOr<std::optional<RunDirectory>> directory = Claim(run_dir);
  if (!directory.ok()) return Fail(directory.status(), kExitBadUsage);
  const absl::StatusOr<std::unique_ptr<Trainer>> trainer =
      Trainer::Create(*config, [&shutdown] { return shutdown.requested(); });
  if (absl::IsCancelled(trainer.status())) {
    return Fail(absl::CancelledError("interrupted before training began: there is nothing to write"), kExitFailed);
  }
  if (!trainer.ok()) return Fail(trainer.status(), kExitBadUsage);
  // Training takes nothing over from the run that lies there: its results go to previous/, with a warning.
  if (const absl::Status same = CheckRunDirectory(run_dir, (*trainer)->identity(), /*allow_other=*/true); !same.ok()) {
    return Fail(same, kExitBadUsage);
  }
  const bool quiet = flags.has("quiet");
  if (directory->has_value()) {
    const absl::Status begun = (*directory)->Begin(PrintExperimentConfig(*config));
    if (!begun.ok()) return Fail(begun, kExitBadUsage);
  }
  EvaluationLog curve(run_dir);
  absl::Status status = (*trainer)->Run(
      [&] { return shutdown.requested(); },
      [&](const std::string& line) {
        if (!quiet) std::cout << line << std::endl;
      },
      [&](const v1::Evaluation& evaluation, double wall_seconds) { curve.Append(evaluation, wall_seconds); });
  status = Save(run_dir, **trainer, curve, status);
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
