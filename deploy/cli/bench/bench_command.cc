#include "deploy/cli/bench/bench_command.h"

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/command_line.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/role/role.h"

namespace recbots {
namespace {

std::vector<FlagSpec> Flags() {
  return {{"window", "SECONDS", "length of one window", "0.5"},
          {"windows", "N", "windows per figure; their median is shown", "7"},
          {"seconds", "SECONDS", "length of replay/limiter and replay/churn", "10"},
          {"table_bytes", "BYTES", "rows in replay's tables, in bytes", "400000000"},
          {"config", "FILE", "experiment of the loop bench", "deploy/config/browse.textproto"},
          {"list", "", "names of the benches", ""},
          {"help", "", "this text", ""}};
}

absl::StatusOr<double> ReadNumber(const CommandLine& flags, const std::string& name, double low, double high) {
  double value = 0;
  if (!absl::SimpleAtod(flags.value(name), &value) || !(value >= low && value <= high)) {
    return absl::InvalidArgumentError(absl::StrCat("--", name, " '", flags.value(name), "', want ", low, "..", high));
  }
  return value;
}

absl::StatusOr<BenchOptions> ReadOptions(const CommandLine& flags) {
  BenchOptions options;
  RECBOTS_ASSIGN_OR_RETURN(const double window, ReadNumber(flags, "window", 0.001, 60));
  RECBOTS_ASSIGN_OR_RETURN(const double windows, ReadNumber(flags, "windows", 1, 1000));
  RECBOTS_ASSIGN_OR_RETURN(const double duration, ReadNumber(flags, "seconds", 0.1, 86400));
  RECBOTS_ASSIGN_OR_RETURN(const double table_bytes, ReadNumber(flags, "table_bytes", 4e6, 1e12));
  options.window = absl::Seconds(window);
  options.windows = static_cast<int>(windows);
  options.duration = absl::Seconds(duration);
  options.table_bytes = static_cast<int64_t>(table_bytes);
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
  if (result.lowest.has_value()) line["lowest"] = *result.lowest;
  if (result.highest.has_value()) line["highest"] = *result.highest;
  if (result.disturbed) line["disturbed"] = true;
  std::cout << line.dump() << std::endl;
}

int RunBenches(const std::vector<Bench>& benches, const BenchOptions& options, const std::string& prefix) {
  int code = kExitOk;
  bool found = false;
  for (const Bench& bench : benches) {
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

}  // namespace

int BenchCommand(const std::vector<Bench>& benches, const std::vector<std::string>& arguments) {
  const absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, Flags());
  if (flags.ok() && flags->has("help")) {
    std::cout << "usage: recbots bench [NAME] [flags]; runs all whose name begins with NAME\n"
              << CommandLine::Help(Flags());
    return kExitOk;
  }
  if (flags.ok() && flags->has("list")) {
    for (const Bench& bench : benches) std::cout << bench.name << "\n";
    return kExitOk;
  }
  const absl::StatusOr<BenchOptions> options = flags.ok() ? ReadOptions(*flags) : flags.status();
  if (!options.ok()) {
    RECBOTS_LOG(ERROR) << options.status().message();
    return kExitBadUsage;
  }
  return RunBenches(benches, *options, flags->positional().empty() ? "" : flags->positional()[0]);
}

}  // namespace recbots
