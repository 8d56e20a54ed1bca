// recbots-updates: the updates benches alone, for builds with -DRECBOTS_TRAINING_ONLY=ON, which have no recbots-bench.
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/processor_name.h"
#include "common/base/program.h"
#include "common/networks/one_thread.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {
namespace {

constexpr char kUsage[] =
    "usage: recbots-updates [NAME] [WINDOWS] [DEVICE]\n\n"
    "Runs the updates benches, or the one called NAME (all: all), with WINDOWS windows of half a second per figure "
    "(7), on DEVICE (cpu; cuda, cuda:N; operators: on the CPU by LibTorch's operators).\n"
    "Prints one figure a line: name, metric, value, unit.\n";

int RunUpdates(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && (arguments[0] == "--help" || arguments[0] == "-h")) {
    std::cout << kUsage;
    return kExitOk;
  }
  BenchOptions options;
  const std::string name = arguments.empty() ? "all" : arguments[0];
  if (arguments.size() > 3 ||
      (arguments.size() >= 2 && (!absl::SimpleAtoi(arguments[1], &options.windows) || options.windows < 1))) {
    return Fail(absl::InvalidArgumentError(kUsage), kExitBadUsage);
  }
  if (arguments.size() == 3) {
    options.operators = arguments[2] == "operators";
    options.device = options.operators ? "cpu" : arguments[2];
  }
  bool found = false;
  std::cout << "processor: " << ProcessorName() << std::endl;
  for (const Bench& bench : UpdatesBenches()) {
    if (name != "all" && bench.name != name) continue;
    found = true;
    const absl::StatusOr<std::vector<BenchResult>> results = bench.run(options);
    if (!results.ok()) return Fail(results.status(), kExitFailed);
    for (const BenchResult& result : *results) {
      std::cout << result.bench << " " << result.metric << " " << result.value << " " << result.unit << std::endl;
    }
  }
  if (found) return kExitOk;
  std::string names;
  for (const Bench& bench : UpdatesBenches()) absl::StrAppend(&names, " ", bench.name);
  return Fail(absl::NotFoundError(absl::StrCat("no bench is called '", name, "'; there are:", names)), kExitBadUsage);
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  recbots::UseOneThread();
  return recbots::RunProgram("updates", argc, argv, recbots::RunUpdates);
}
