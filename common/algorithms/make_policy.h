// The acting side of the algorithm that a configuration describes.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/inference/network_policy.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// `max_users`: the largest B that Act will see. `seed` keys the draws of exploration.
// INVALID_ARGUMENT: no algorithm chosen, or one that does not fit the environment; names field, value and bound.
absl::StatusOr<std::unique_ptr<NetworkPolicy>> MakePolicy(const v1::AlgorithmConfig& config,
                                                          const EnvironmentSpec& spec, int max_users, uint64_t seed);

}  // namespace recbots
