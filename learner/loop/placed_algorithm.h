// The algorithm of a run, on the device that the run's settings choose (learner.device, learner.matrix_precision).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/base/device.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct PlacedAlgorithm {
  std::unique_ptr<Algorithm> algorithm;
  Device device;
  std::string line;  // For people: "learning on cpu: this build has no CUDA".
};

// `rank`: the number of this learner in its group. Learners that ask for "auto" or "cuda" take the GPUs of a machine in
// turn.
//   INVALID_ARGUMENT     no device; or the errors of MakeAlgorithm
//   FAILED_PRECONDITION  the device that is asked for cannot be used; says why
//   INTERNAL             LibTorch threw
absl::StatusOr<PlacedAlgorithm> PlaceAlgorithm(const v1::ExperimentConfig& config, const EnvironmentSpec& spec,
                                               int rank = 0);

}  // namespace recbots
