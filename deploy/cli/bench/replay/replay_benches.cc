#include "deploy/cli/bench/replay/replay_benches.h"

#include "deploy/cli/bench/bench.h"

namespace recbots {

std::vector<Bench> ReplayBenches() {
  using namespace replay_bench;  // NOLINT: the list is all there is here.
  std::vector<Bench> benches = LimitBenches();
  benches.push_back(ManyObjectsBench());
  for (const Bench& bench : InsertBenches()) benches.push_back(bench);
  for (const Bench& bench : FlushBenches()) benches.push_back(bench);
  for (const Bench& bench : SampleBenches()) benches.push_back(bench);
  for (const Bench& bench : {MixedBench(), LimiterBench(), CheckpointBench(), ChurnBench()}) benches.push_back(bench);
  for (Bench& bench : benches) {
    bench.left_out = "simulating, acting and learning: clients insert random rows and look at nothing; other machines";
  }
  return benches;
}

}  // namespace recbots
