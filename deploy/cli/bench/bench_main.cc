// recbots-bench: all benches.
#include <ATen/Parallel.h>

#include <string>
#include <vector>

#include "common/base/program.h"
#include "deploy/cli/bench/run_benches.h"

namespace recbots {
namespace {

std::vector<Bench> AllBenches() {
  std::vector<Bench> benches = EnvironmentBenches();
  benches.push_back(ActingBench());
  for (const std::vector<Bench>& more :
       {UpdatesBenches(), GroupBenches(), SlateQBenches(), std::vector<Bench>{LoopBench()}, DenseBenches(),
        SlateBenches(), ExternalBenches(), ReplayBenches(), LoadBenches()}) {
    benches.insert(benches.end(), more.begin(), more.end());
  }
  return benches;
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  at::set_num_threads(1);
  return recbots::RunProgram("bench", argc, argv, [](const std::vector<std::string>& arguments) {
    return recbots::RunBenches(recbots::AllBenches(), arguments);
  });
}
