// What the Q-learners share: an online and a target network, and the step of the online one towards given targets.
// Which action is valued, and what its target is, is the algorithm's business (slate_q.h, full_slate_q.h).
//
//   loss   mean over rows of weight * L((Q(observation, action) - target) / value_scale), L(e) = e^2, or the
//          Huber loss of d = huber_delta: e^2 up to |e| = d, 2 d |e| - d^2 beyond
//   target network   blended by tau at each step, or copied every target_update_period steps (Mnih et al. 2015)
//
// Letters: B rows, C actions per row, F action features, U user features. Functions throw c10::Error (torch_status.h).
// Deterministic. Not thread-safe. Sets LibTorch to one thread.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/networks/adam.h"
#include "common/networks/q_network.h"
#include "common/networks/training_state.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct QLearnerOptions {
  QShape shape;
  double learning_rate = 0.001;      // 0..1
  int64_t target_update_period = 0;  // Steps between copies to the target network; 0: blended by tau.
  double tau = 0.01;                 // 0..1
  bool double_q = true;              // For the algorithm: the online network chooses what the target network values.
  double huber_delta = 0;            // In units of value_scale; 0: squared loss.
  bool legacy_target_state = false;  // For the algorithm: bootstrap from the current state.
  uint64_t seed = 1;
  bool double_precision = false;  // For comparison with references.
};

// Of ranges that validation has passed.
QLearnerOptions MakeQLearnerOptions(const v1::QLearningConfig& config, const QShape& shape, uint64_t seed);

class QLearner {
 public:
  // Adds its tensors, those of QTensors, with targets, and the number "q.steps". They come first: tensors with targets
  // do.
  static void Describe(const QLearnerOptions& options, TrainingSpec& spec);

  // Learns in its part of the state.
  QLearner(const QLearnerOptions& options, const TrainingState& state);
  // Alone, in a state of its own.
  explicit QLearner(const QLearnerOptions& options);

  const QLearnerOptions& options() const { return options_; }

  // Q [B, C] of `actions` [B * C, F] by the online or the target network, in units of rewards: float32, contiguous.
  at::Tensor OnlineValues(const at::Tensor& observation, const at::Tensor& actions);
  at::Tensor TargetValues(const at::Tensor& observation, const at::Tensor& actions);

  // What one step learns from: targets in units of rewards; rows of weight 0 do not count.
  struct Lesson {
    at::Tensor observation;           // [B, U]
    at::Tensor actions;               // [B, F]
    absl::Span<const float> targets;  // [B]
    absl::Span<const float> weights;  // [B]
    double divisor = 1;               // What the weighted sum of losses is divided by.
  };
  // Adam on the online network, then the target network. The absolute errors, in units of rewards and before the step,
  // go to `td_errors` [B], 0 for rows of weight 0; or empty: not wanted.
  void Learn(const Lesson& lesson, absl::Span<float> td_errors);

  int64_t steps() const { return optimizer_.steps(); }
  double loss() const { return loss_; }  // Of the last lesson, before its step.

  QNetwork& online() { return online_; }
  QNetwork& target() { return target_; }
  const QNetwork& gradients() const { return gradients_; }

 private:
  // Fills d_q_, td_errors and loss_ from pass_.q.
  void ComputeErrors(const Lesson& lesson, absl::Span<float> td_errors);
  at::Tensor Scaled(const at::Tensor& q) const;
  void MoveTarget();

  const QLearnerOptions options_;
  const at::ScalarType dtype_;
  const TrainingState memory_;  // Keeps the memory alive.
  QNetwork online_, target_, gradients_;
  Adam optimizer_;
  QPass pass_, online_pass_, target_pass_;
  at::Tensor d_q_, ones_;
  double loss_ = 0;
};

}  // namespace recbots
