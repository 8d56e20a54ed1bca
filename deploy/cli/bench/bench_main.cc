// recbots bench [NAME]: figures of this machine, one JSON object a line.
#include <ATen/Parallel.h>

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/base/log.h"
#include "common/role/role.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

std::vector<FlagSpec> Flags() {
  return {{"window", "SECONDS", "length of one window", "0.5"},
          {"windows", "N", "windows per figure; their median is shown", "7"},
          {"config", "FILE", "experiment of the loop bench", "deploy/config/browse.textproto"},
          {"list", "", "names of the benches", ""},
          {"help", "", "this text", ""}};
}

std::vector<Bench> AllBenches() {
  std::vector<Bench> benches = EnvironmentBenches();
  for (const Bench& bench : {ActingBench(), UpdatesBench(), InsertBench(), SampleBench(), LoopBench()}) {
    benches.push_back(bench);
  }
  return benches;
}

absl::StatusOr<BenchOptions> ReadOptions(const CommandLine& flags) {
  BenchOptions options;
  double seconds = 0;
  if (!absl::SimpleAtod(flags.value("window"), &seconds) || !(seconds >= 0.001 && seconds <= 60)) {
    return absl::InvalidArgumentError(absl::StrCat("--window '", flags.value("window"), "', want 0.001..60 seconds"));
  }
  options.window = absl::Seconds(seconds);
  if (!absl::SimpleAtoi(flags.value("windows"), &options.windows) || options.windows < 1 || options.windows > 1000) {
    return absl::InvalidArgumentError(absl::StrCat("--windows '", flags.value("windows"), "', want 1..1000"));
  }
  if (flags.positional().size() > 1) return absl::InvalidArgumentError("one NAME at a time: recbots bench [NAME]");
  std::error_code error;
  options.program_dir = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
  options.config_path = flags.value("config");
  return options;
}

void Print(const BenchResult& result) {
  nlohmann::ordered_json line;
  line["bench"] = result.bench;
  line["metric"] = result.metric;
  line["value"] = result.value;
  line["unit"] = result.unit;
  line["better"] = result.higher_is_better ? "higher" : "lower";
  std::cout << line.dump() << std::endl;
}

int RunBenches(const BenchOptions& options, const std::string& prefix) {
  int code = kExitOk;
  bool found = false;
  for (const Bench& bench : AllBenches()) {
    if (bench.name.rfind(prefix, 0) != 0) continue;
    found = true;
    const absl::StatusOr<std::vector<BenchResult>> results = bench.run(options);
    if (!results.ok()) {
      RECBOTS_LOG(ERROR) << bench.name << ": " << results.status().message();
      code = kExitFailed;
      continue;
    }
    for (const BenchResult& result : *results) Print(result);
  }
  if (found) return code;
  RECBOTS_LOG(ERROR) << "no bench begins with '" << prefix << "'; recbots bench --list shows all";
  return kExitBadUsage;
}

int BenchCommand(const std::vector<std::string>& arguments) {
  const absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, Flags());
  if (flags.ok() && flags->has("help")) {
    std::cout << "usage: recbots bench [NAME] [flags]; runs all whose name begins with NAME\n"
              << CommandLine::Help(Flags());
    return kExitOk;
  }
  if (flags.ok() && flags->has("list")) {
    for (const Bench& bench : AllBenches()) std::cout << bench.name << "\n";
    return kExitOk;
  }
  const absl::StatusOr<BenchOptions> options = flags.ok() ? ReadOptions(*flags) : flags.status();
  if (!options.ok()) {
    RECBOTS_LOG(ERROR) << options.status().message();
    return kExitBadUsage;
  }
  return RunBenches(*options, flags->positional().empty() ? "" : flags->positional()[0]);
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  recbots::SetLogRole("bench");
  at::set_num_threads(1);
  return recbots::BenchCommand({argv + 1, argv + argc});
}
