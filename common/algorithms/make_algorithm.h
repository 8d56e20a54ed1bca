// The algorithm that a configuration describes.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/inference/algorithm_row.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

//   INVALID_ARGUMENT  no algorithm chosen, or one that does not fit the environment; names field, value and bound
//   INTERNAL          LibTorch threw: the device cannot be used
absl::StatusOr<std::unique_ptr<Algorithm>> MakeAlgorithm(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec,
                                                         const LearningSetup& setup);

}  // namespace recbots
