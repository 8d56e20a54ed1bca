#include "deploy/cli/bench/run_benches.h"

#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "common/base/processor_name.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "deploy/cli/terminal/progress.h"
#include "deploy/cli/tools/tool_syntax.h"

namespace recbots {
namespace {

absl::StatusOr<BenchOptions> ReadOptions(const CommandLine& flags) {
  BenchOptions options;
  RECBOTS_ASSIGN_OR_RETURN(const double window, flags.Number("window", 0.001, 60));
  RECBOTS_ASSIGN_OR_RETURN(options.windows, flags.WholeNumber<int>("windows", 1, 1000));
  RECBOTS_ASSIGN_OR_RETURN(const double duration, flags.Number("seconds", 0.1, 86400));
  RECBOTS_ASSIGN_OR_RETURN(options.table_bytes, flags.WholeNumber("table_bytes", 4'000'000, 1'000'000'000'000));
  options.window = absl::Seconds(window);
  options.duration = absl::Seconds(duration);
  if (flags.positional().size() > 1) return absl::InvalidArgumentError("one NAME at a time: recbots bench [NAME]");
  options.program_dir = ProgramFolder();
  options.config_path = flags.value("config");
  options.device = flags.value("device");
  options.operators = flags.has("operators");
  return options;
}

// The architecture of the build; empty for the compiler's default.
std::string Architecture() {
  const std::string architecture = RECBOTS_ARCH;
  return architecture.empty() ? "compiler's default" : architecture;
}

void Print(const BenchResult& result, double cores_of_all, const std::string& left_out) {
  nlohmann::ordered_json line;
  line["bench"] = result.bench;
  line["metric"] = result.metric;
  line["value"] = result.value;
  line["unit"] = result.unit;
  line["better"] = result.higher_is_better ? "higher" : "lower";
  if (result.lowest.has_value()) line["lowest"] = *result.lowest;
  if (result.highest.has_value()) line["highest"] = *result.highest;
  if (result.disturbed) line["disturbed"] = true;
  line["cores_used"] = std::round(1000 * result.cores_used.value_or(cores_of_all)) / 1000;
  line["processor"] = ProcessorName();
  line["arch"] = Architecture();
  line["left_out"] = left_out;
  std::cout << line.dump() << std::endl;
}

int Run(const std::vector<Bench>& benches, const BenchOptions& options) {
  int code = kExitOk;
  Progress progress("bench");
  double done = 0;
  for (const Bench& bench : benches) {
    progress.Update(done++ / static_cast<double>(benches.size()), absl::StrCat("bench ", bench.name));
    // Takes no more figures if the output is lost.
    if (!std::cout) break;
    const double cpu_before = ProcessorSeconds(/*children=*/true);
    const Instant start = Instant::Now();
    const absl::StatusOr<std::vector<BenchResult>> results = bench.run(options);
    const double cpu = ProcessorSeconds(/*children=*/true) - cpu_before;
    const double cores = cpu / absl::ToDoubleSeconds(Instant::Now() - start);
    progress.Clear();
    if (!results.ok()) {
      RECBOTS_LOG(ERROR) << bench.name << ": " << results.status().message();
      code = kExitFailed;
      continue;
    }
    for (const BenchResult& result : *results) Print(result, cores, bench.left_out);
  }
  return code;
}

int ListOrRun(const CommandLine& flags, const std::vector<Bench>& benches) {
  const absl::StatusOr<BenchOptions> options = ReadOptions(flags);
  if (!options.ok()) return Fail(options.status(), kExitBadUsage);
  const bool all = flags.positional().empty();
  const std::vector<Bench> chosen = all ? benches : BenchesCalled(flags.positional()[0], benches);
  if (chosen.empty()) {
    return Fail(absl::NotFoundError(absl::StrCat("no bench is called '", flags.positional()[0],
                                                 "'; recbots bench --list shows all names")),
                kExitBadUsage);
  }
  if (!flags.has("list")) return Run(chosen, *options);
  for (const Bench& bench : chosen) std::cout << bench.name << "\n";
  return kExitOk;
}

}  // namespace

std::vector<Bench> BenchesCalled(const std::string& name, const std::vector<Bench>& benches) {
  std::vector<Bench> called;
  for (const Bench& bench : benches) {
    if (bench.name == name || absl::StartsWith(bench.name, name + "/")) called.push_back(bench);
  }
  return called;
}

int RunBenches(const std::vector<Bench>& benches, const std::vector<std::string>& arguments) {
  return RunCommand(BenchSyntax(), arguments, [&](const CommandLine& flags) { return ListOrRun(flags, benches); });
}

}  // namespace recbots
