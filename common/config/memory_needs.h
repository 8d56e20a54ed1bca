// What the sizes of a configuration make processes allocate, told before they do.
//
// These are bounds from below, in floating point, of the arrays that grow with a setting: candidates of all users,
// rows, batches, activations of networks. What each process takes besides (the program, LibTorch, messages under way)
// is not in them. So what is refused could not have run, and what is taken may still be too much.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Arrays that are as long as one setting says.
struct MemoryNeed {
  std::string setting;    // What would have to be smaller: "actor.users".
  double value = 0;       // What it is.
  double bytes_each = 0;  // What each unit of it takes in one process.
  std::string what;       // Of one unit: "65536 candidates of 20 features".
  int processes = 1;

  double bytes() const { return value * bytes_each * processes; }
};

// Processes that share the memory.
struct MemorySharers {
  int replays = 0;
  int learners = 0;
  int actors = 0;
  int evaluators = 0;
  // Whether evaluators play episodes: not where everything is solved.
  bool evaluators_play = true;
  // Whether replays keep checkpoints.
  bool checkpoints = false;
};

// What a configuration that has been validated and trains in an environment of `spec` needs.
std::vector<MemoryNeed> MemoryNeedsOf(const v1::ExperimentConfig& config, const EnvironmentSpec& spec,
                                      const MemorySharers& sharers);
// What the tables need where transitions have `transition_bytes` (0: no table holds them).
std::vector<MemoryNeed> TableNeeds(const v1::ReplayConfig& config, int64_t transition_bytes, int replays,
                                   bool checkpoints);
// What playing needs: `setting` is how many users are simulated at once, in each of `processes` processes or threads.
MemoryNeed PlayingNeed(const std::string& setting, int users, const EnvironmentSpec& spec, int processes);

// Whether all needs together fit 90 % of `memory_bytes` (MachineMemoryBytes).
//   INVALID_ARGUMENT  names the setting that takes most, its value, and the largest that would do
absl::Status CheckMemory(const std::vector<MemoryNeed>& needs, int64_t memory_bytes);

}  // namespace recbots
