// recbots reproduce slateq: published results, run again, beside ours. docs/results/README.md is the manual.
#include <filesystem>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/command_line.h"
#include "common/base/file.h"
#include "common/base/file_descriptor.h"
#include "common/base/processor_name.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/reproduce/page.h"
#include "deploy/cli/reproduce/reproducer.h"
#include "deploy/cli/terminal/progress.h"

namespace recbots {
namespace {

constexpr int kMaxSeeds = 100;
constexpr int kMaxJobs = 64;
constexpr int kMaxPlayed = 10000000;

absl::StatusOr<ReproduceOptions> ReadOptions(const CommandLine& flags) {
  if (flags.positional() != std::vector<std::string>{"slateq"}) {
    return absl::InvalidArgumentError(
        absl::StrCat("reproduce '", absl::StrJoin(flags.positional(), " "), "', want slateq"));
  }
  ReproduceOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.plan.num_seeds, flags.WholeNumber<int>("seeds", 1, kMaxSeeds));
  RECBOTS_ASSIGN_OR_RETURN(options.jobs, flags.WholeNumber<int>("jobs", 1, kMaxJobs));
  RECBOTS_ASSIGN_OR_RETURN(options.episodes, flags.WholeNumber<int>("episodes", 2, kMaxPlayed));
  double& scale = options.plan.scale;
  if (!absl::SimpleAtod(flags.value("scale"), &scale) || !(scale > 0 && scale <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("--scale '", flags.value("scale"), "', want above 0, at most 1"));
  }
  const std::string only = flags.has("only") ? flags.value("only") : "";
  options.experiments = SelectExperiments(SlateQExperiments(), only);
  if (options.experiments.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--only '", only, "': no such experiment; --list shows their names"));
  }
  // With one folder for all scales, runs of different lengths would replace each other.
  options.plan.work_dir = flags.has("work") ? flags.value("work")
                          : scale == 1      ? "runs/reproduce-slateq"
                                            : absl::StrCat("runs/reproduce-slateq-", scale);
  options.plan.config_dir = flags.value("config_dir");
  if (!absl::EndsWith(flags.value("out"), ".md")) {
    return absl::InvalidArgumentError(absl::StrCat("--out '", flags.value("out"), "', want a name that ends in .md"));
  }
  return options;
}

// Writes the page and, if there are curves, the plot.
absl::Status WritePage(const Reproduction& reproduction, const std::string& page_path) {
  RECBOTS_RETURN_IF_ERROR(MakeFolder(FolderOf(page_path)));
  const Plot plot = ReproductionPlot(reproduction);
  std::string plot_file;
  if (!plot.series.empty()) {
    const std::string plot_path = absl::StrCat(absl::StripSuffix(page_path, ".md"), ".svg");
    RECBOTS_RETURN_IF_ERROR(WriteFile(plot_path, RenderSvg(plot)));
    plot_file = std::filesystem::path(plot_path).filename().string();
  }
  return WriteFile(page_path, ReproductionPage(reproduction, plot_file));
}

void List(const std::vector<Experiment>& experiments) {
  for (const Experiment& experiment : experiments) {
    std::cout << experiment.name << "  " << experiment.config;
    for (const std::string& override_text : experiment.overrides) std::cout << " " << override_text;
    std::cout << "\n";
  }
}

// Runs everything and writes the page.
int Reproduce(Reproducer& reproducer, const std::vector<std::string>& arguments, const std::string& page_path) {
  Shutdown shutdown;
  Progress progress("reproduce");
  absl::StatusOr<Reproduction> reproduction = reproducer.Run(
      [&] {
        progress.Update(reproducer.share_done());
        return shutdown.requested();
      },
      [&progress](const std::string& line) {
        progress.Clear();
        std::cout << "recbots: " << line << std::endl;
      });
  progress.Clear();
  if (!reproduction.ok() && shutdown.requested()) {
    std::cerr << "recbots: interrupted; the same command goes on with the runs that are not finished\n";
    return kExitInterrupted;
  }
  if (!reproduction.ok()) return Fail(reproduction.status(), kExitFailed);
  reproduction->date = absl::FormatTime("%Y-%m-%d", absl::Now(), absl::LocalTimeZone());
  reproduction->num_processors = static_cast<int>(std::thread::hardware_concurrency());
  reproduction->processor = ProcessorName();
  reproduction->command = absl::StrCat("recbots reproduce ", absl::StrJoin(arguments, " "));
  if (const absl::Status status = WritePage(*reproduction, page_path); !status.ok()) return Fail(status, kExitFailed);
  size_t num_failed = 0;
  for (const ExperimentResult& result : reproduction->results) num_failed += result.failures.size();
  std::cout << "recbots: " << page_path << " written";
  if (num_failed > 0) std::cout << "; " << num_failed << " run(s) failed";
  std::cout << std::endl;
  return num_failed > 0 ? kExitFailed : kExitOk;
}

int ReadAndReproduce(const CommandLine& flags, const std::vector<std::string>& arguments) {
  absl::StatusOr<ReproduceOptions> options = ReadOptions(flags);
  if (!options.ok()) return Fail(options.status(), kExitBadUsage);
  if (flags.has("list")) {
    List(options->experiments);
    return kExitOk;
  }
  options->program_dir = ProgramFolder();
  const absl::StatusOr<std::unique_ptr<Reproducer>> reproducer = Reproducer::Create(*options);
  if (!reproducer.ok()) return Fail(reproducer.status(), kExitBadUsage);
  return Reproduce(**reproducer, arguments, flags.value("out"));
}

}  // namespace

Command ReproduceCommand() {
  return {kReproduceUsage.name, kReproduceUsage.arguments, kReproduceUsage.help,
          [](const std::vector<std::string>& arguments) {
            return RunCommand(ReproduceSyntax(), arguments,
                              [&](const CommandLine& flags) { return ReadAndReproduce(flags, arguments); });
          },
          ReproduceSyntax};
}

}  // namespace recbots
