// Begins a run with what another run has learnt.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"

namespace recbots {

// Loads into `algorithm` the networks of the newest checkpoint in `run_dir`, as far as their tensors have the same
// names and shapes: parameters and targets, no counters and no moments of optimisers, because this is another run.
// Returns a line that says what was taken and what was not:
//   begins with the networks of 'DIR' at update 41,210; not taken: 'critic.w1' float32 [64, 14]: the other run has ...
//   NOT_FOUND         there are no checkpoints
//   INVALID_ARGUMENT  no tensor fits; or the checkpoint is of another kind
//   DATA_LOSS         none of the checkpoints is valid
absl::StatusOr<std::string> LoadNetworksOf(const std::string& run_dir, Algorithm& algorithm);

}  // namespace recbots
