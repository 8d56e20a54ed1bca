// The part of recbots bench that needs no LibTorch; recbots-bench knows all benches.
#include "common/base/program.h"
#include "deploy/cli/bench/run_benches.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

// Runs the named benches here if they need no LibTorch.
int RunBench(const std::vector<std::string>& arguments) {
  std::vector<Bench> light = ReplayBenches();
  for (const Bench& bench : LoadBenches()) light.push_back(bench);
  for (const Bench& bench : SlateBenches()) light.push_back(bench);
  for (const Bench& bench : ExternalBenches()) light.push_back(bench);
  const bool all_here = !arguments.empty() && !BenchesCalled(arguments[0], light).empty();
  return all_here ? RunBenches(light, arguments) : BecomeProgram("recbots-bench", arguments);
}

}  // namespace

Command BenchCommand() { return {kBenchUsage.name, kBenchUsage.arguments, kBenchUsage.help, RunBench, BenchSyntax}; }

}  // namespace recbots
