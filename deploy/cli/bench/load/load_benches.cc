#include "deploy/cli/bench/load/load_benches.h"

#include <vector>

namespace recbots {

std::vector<Bench> LoadBenches() {
  using namespace load_bench;  // NOLINT: the list is all there is here.
  std::vector<Bench> benches = {WritersBench(), FloodBench(), StalledReadersBench(), WatchersBench()};
  for (Bench& bench : benches) bench.left_out = "simulating, acting and learning; other machines";
  return benches;
}

}  // namespace recbots
