// What a row of the list of algorithms (common/algorithms/algorithm_list.h) speaks of.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/inference/network_policy.h"
#include "common/rl/spec.h"
#include "common/rl/transition.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

class Algorithm;  // common/algorithms/algorithm.h

using PolicyOr = absl::StatusOr<std::unique_ptr<NetworkPolicy>>;
using AlgorithmOr = absl::StatusOr<std::unique_ptr<Algorithm>>;

// A network of two hidden layers that is trained, and what it is run on: what the memory of a learner is estimated from
// (common/config/memory_needs.h).
struct NetworkLoad {
  std::string setting;             // Path of the setting of its units: "algorithm.dqn.q.hidden_units".
  double units = 0;                // Of the first hidden layer.
  double parameters_per_unit = 0;  // Of all layers.
  double rows = 0;                 // It is run on this many, for each row of a batch.
  double inputs = 0;               // Of each of these rows, besides what they share.
  double hidden = 0;               // Of both layers.
  std::string action;              // What such a row is: "candidates".
};

}  // namespace recbots
