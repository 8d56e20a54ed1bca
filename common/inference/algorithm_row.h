// The types in a row of the list of algorithms (common/algorithms/algorithm_list.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/base/device.h"
#include "common/inference/network_policy.h"
#include "common/rl/spec.h"
#include "common/rl/transition.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

class Algorithm;  // common/algorithms/algorithm.h

// What the learning side needs to know beside the algorithm's own settings.
struct LearningSetup {
  uint64_t seed = 1;
  Device device = {};
  MatrixPrecision precision = MatrixPrecision::kFloat32;
  bool with_operators = false;  // For comparison: LibTorch's operators where there are kernels of our own, too.
};

using PolicyOr = absl::StatusOr<std::unique_ptr<NetworkPolicy>>;
using AlgorithmOr = absl::StatusOr<std::unique_ptr<Algorithm>>;

// A network that is trained, and the size of its inputs. From this the memory of a learner is
// estimated (common/config/memory_needs.h).
struct NetworkLoad {
  std::string setting;             // The path of the setting of its units: "algorithm.dqn.q.hidden_units".
  double units = 0;                // Units of the first hidden layer.
  double parameters_per_unit = 0;  // Parameters of all layers, divided by `units`.
  double rows = 0;                 // It is run on this many inputs for each row of a batch.
  double inputs = 0;               // Numbers in each of these inputs, without those that they share.
  double hidden = 0;               // Units of all hidden layers, and outputs where there are several.
  std::string action;              // What each of these inputs stands for: "candidates".
};

}  // namespace recbots
