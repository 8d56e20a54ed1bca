// Computes from the sizes in a configuration what processes will allocate, before they allocate it.
//
// The results are lower bounds, in floating point, for the arrays that grow with a setting: candidates of all users,
// rows, batches, activations of networks. They leave out what each process takes besides (the program, LibTorch,
// messages under way). A configuration that is refused could therefore not have run, and one that is accepted may still
// need too much.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Arrays whose length is the value of one setting.
struct MemoryNeed {
  std::string setting;    // The setting that would have to be smaller: "actor.users".
  double value = 0;       // Its value.
  double bytes_each = 0;  // Bytes for each unit of the value, in one process.
  std::string what;       // What one unit consists of: "65536 candidates of 20 features".
  int processes = 1;

  double bytes() const { return value * bytes_each * processes; }
};

// Processes that share the memory.
struct MemorySharers {
  int replays = 0;
  int learners = 0;
  int actors = 0;
  int evaluators = 0;
  // Whether evaluators play episodes. They do not if the values are computed exactly.
  bool evaluators_play = true;
  // Whether replays keep checkpoints.
  bool checkpoints = false;
};

// The needs of a validated configuration that trains in an environment of `spec`.
std::vector<MemoryNeed> MemoryNeedsOf(const v1::ExperimentConfig& config, const EnvironmentSpec& spec,
                                      const MemorySharers& sharers);
// The needs of the tables. A transition has `transition_bytes` (0: not known yet, so that only the bookkeeping counts).
std::vector<MemoryNeed> TableNeeds(const v1::ReplayConfig& config, int64_t transition_bytes, int replays,
                                   bool checkpoints);
// The need of playing `users` users at once in each of `processes` processes or threads. `setting` names the setting
// that `users` comes from.
MemoryNeed PlayingNeed(const std::string& setting, int users, const EnvironmentSpec& spec, int processes);

// Whether all needs together fit 90 % of `memory_bytes` (MachineMemoryBytes).
//   INVALID_ARGUMENT  names the setting that takes most, its value, and the largest value that would fit
absl::Status CheckMemory(const std::vector<MemoryNeed>& needs, int64_t memory_bytes);

}  // namespace recbots
