// recbots train CONFIG: all roles in one process, deterministic.
#include <ATen/Parallel.h>

#include <filesystem>
#include <fstream>
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
#include "deploy/cli/train/trainer.h"
#include "learner/run/evaluation_log.h"

namespace recbots {
namespace {

std::vector<FlagSpec> Flags() {
  return {{"set", "PATH.TO.FIELD=VALUE", "override one setting; PATH.TO.PART={} chooses a part; may be repeated", ""},
          {"run_dir", "DIR",
           "where report.json, evaluations.jsonl, weights.bin and config.textproto go; nothing is written without", ""},
          {"quiet", "", "print only the last line", ""},
          {"help", "", "this text", ""}};
}

absl::Status WriteFile(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  if (!file) return absl::UnavailableError(absl::StrCat("cannot write '", path, "'"));
  return absl::OkStatus();
}

absl::Status WriteResults(const std::string& run_dir, const v1::ExperimentConfig& config, const Trainer& trainer) {
  if (run_dir.empty()) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(WriteFile(run_dir + "/config.textproto", PrintExperimentConfig(config)));
  RECBOTS_RETURN_IF_ERROR(WriteFile(run_dir + "/weights.bin", trainer.EncodeWeights()));
  return WriteReport(run_dir, trainer.report(), trainer.goal());
}

absl::StatusOr<v1::ExperimentConfig> ReadConfig(const CommandLine& flags) {
  if (flags.positional().size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.positional().size(), " configurations given, want 1: recbots train CONFIG [flags]"));
  }
  RECBOTS_ASSIGN_OR_RETURN(v1::ExperimentConfig config,
                           LoadExperimentConfig(flags.positional()[0], flags.values("set")));
  const std::string& run_dir = flags.value("run_dir");
  std::error_code error;
  if (!run_dir.empty()) std::filesystem::create_directories(run_dir, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat("--run_dir '", run_dir, "': ", error.message()));
  return config;
}

int Train(const std::vector<std::string>& arguments) {
  const absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, Flags());
  if (!flags.ok()) return Fail(flags.status(), kExitBadUsage);
  if (flags->has("help")) {
    std::cout << "usage: recbots train CONFIG [flags]\n" << CommandLine::Help(Flags());
    return kExitOk;
  }
  const absl::StatusOr<v1::ExperimentConfig> config = ReadConfig(*flags);
  if (!config.ok()) return Fail(config.status(), kExitBadUsage);
  Shutdown shutdown;
  const absl::StatusOr<std::unique_ptr<Trainer>> trainer = Trainer::Create(*config);
  if (!trainer.ok()) return Fail(trainer.status(), kExitBadUsage);
  const bool quiet = flags->has("quiet");
  EvaluationLog curve(flags->value("run_dir"));
  absl::Status status = (*trainer)->Run(
      [&] { return shutdown.requested(); },
      [&](const StatusLine& line) {
        if (!quiet) std::cout << FormatStatusLine(line) << std::endl;
      },
      [&](const v1::Evaluation& evaluation, double wall_seconds) { curve.Append(evaluation, wall_seconds); });
  if (status.ok()) status = WriteResults(flags->value("run_dir"), *config, **trainer);
  if (!status.ok()) return Fail(status, kExitFailed);
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
  return recbots::RunProgram("train", argc, argv, recbots::Train);
}
