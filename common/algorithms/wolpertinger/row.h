// Wolpertinger in the list of algorithms (common/algorithms/algorithm_list.h).
#pragma once

#include "common/inference/algorithm_row.h"

namespace recbots {

struct WolpertingerRow {
  static constexpr v1::AlgorithmConfig::AlgorithmCase kCase = v1::AlgorithmConfig::kWolpertinger;
  static TransitionOptions Transitions(const v1::AlgorithmConfig& algorithm);
  static absl::Status Check(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec);
  static NetworkLoad Load(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec);
  static PolicyOr MakePolicy(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec, int max_users,
                             uint64_t seed);
  static AlgorithmOr MakeAlgorithm(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec,
                                   const LearningSetup& setup);
};

}  // namespace recbots
