// What the acting and the learning side of full-slate Q-learning agree on, and of DQN, which is the same with slates of
// one. An action is an ordered slate, its features those of its K items in order; tensors are QTensors.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "common/inference/q_shape.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct FullSlateShape {
  QShape q;
  int num_candidates = 0;     // N
  int num_item_features = 0;  // D where candidates have features, else N (one-hot position).
  bool item_features = true;
  int slate_size = 1;  // K

  static constexpr int64_t kMaxSlates = 100000;
  int64_t num_slates() const;  // N (N - 1) ... (N - K + 1)
};

// INVALID_ARGUMENT: too many slates; for DQN also slates of more than one. Names field, value and bound.
absl::StatusOr<FullSlateShape> MakeFullSlateShape(const v1::FullSlateQConfig& config, const EnvironmentSpec& spec,
                                                  const v1::NetworkConfig& network = {});
absl::StatusOr<FullSlateShape> MakeDqnShape(const v1::DqnConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network = {});
// Of whichever of the two is chosen.
absl::StatusOr<FullSlateShape> MakeShape(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec);
const v1::QLearningConfig& QConfigOf(const v1::AlgorithmConfig& algorithm);

}  // namespace recbots
