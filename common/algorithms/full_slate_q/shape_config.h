// The shape of full-slate Q-learning or DQN that a configuration asks for.
#pragma once

#include "absl/status/statusor.h"
#include "common/algorithms/full_slate_q/shape.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// INVALID_ARGUMENT: too many slates; for DQN also slates of more than one. Names field, value and bound.
absl::StatusOr<FullSlateShape> MakeFullSlateShape(const v1::FullSlateQConfig& config, const EnvironmentSpec& spec,
                                                  const v1::NetworkConfig& network = {});
absl::StatusOr<FullSlateShape> MakeDqnShape(const v1::DqnConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network = {});
// Of whichever of the two is chosen.
absl::StatusOr<FullSlateShape> MakeShape(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec);
const v1::QLearningConfig& QConfigOf(const v1::AlgorithmConfig& algorithm);

}  // namespace recbots
