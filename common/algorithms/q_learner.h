// What the Q-learners share: an online and a target network, and the step of the online one towards given targets.
// Which action is valued, and what its target is, is the algorithm's business (slate_q.h, full_slate_q.h).
//
//   loss   mean over rows of weight * L((Q(observation, action) - target) / value_scale), L(e) = e^2, or the
//          Huber loss of d = huber_delta: e^2 up to |e| = d, 2 d |e| - d^2 beyond. Heads of quantiles and bins have
//          losses of their own (value_loss.h): quantiles with kappa = huber_delta, towards a distribution
//   target network   blended by tau at each step, or copied every target_update_period steps (Mnih et al. 2015)
//
// In single precision networks of two hidden layers with ReLU whose output is a number are computed by fused_q.h; those
// of other shapes and heads, and all in double precision, by LibTorch's operators.
//
// Letters: B rows, C actions per row, F action features, U user features. Functions throw c10::Error (torch_status.h).
// Deterministic; in single precision the same bits on all processors with fused multiply-add
// (common/inference/lanes.h). Not thread-safe. Sets LibTorch to one thread.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/algorithms/fused_q.h"
#include "common/algorithms/loss_value.h"
#include "common/base/device.h"
#include "common/networks/adam.h"
#include "common/networks/gradient_exchange.h"
#include "common/networks/q_network.h"
#include "common/networks/training_state.h"

namespace recbots {

struct QLearnerOptions {
  QShape shape;
  double learning_rate = 0.001;  // 0..1
  OptimizerOptions optimizer = {};
  int64_t target_update_period = 0;  // Steps between copies to the target network; 0: blended by tau.
  double tau = 0.01;                 // 0..1
  bool double_q = true;              // For the algorithm: the online network chooses what the target network values.
  double huber_delta = 0;            // In units of value_scale; 0: squared loss, of quantiles the absolute one.
  bool legacy_target_state = false;  // For the algorithm: bootstrap from the current state.
  uint64_t seed = 1;
  bool double_precision = false;  // For comparison with references.
  bool with_libtorch = false;     // For comparison: LibTorch's operators in single precision, too.
  Device device = {};             // Where it learns. GPUs always compute by LibTorch's operators.
  MatrixPrecision precision = MatrixPrecision::kFloat32;  // Of LibTorch's operators.

  at::TensorOptions tensors() const;  // Of the state.
};

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

  // The same by LibTorch's operators, as part of a tensor program: of the learner's type and on its device, as the
  // inputs are.
  at::Tensor Values(QSide side, const at::Tensor& observation, const at::Tensor& actions);
  // What the newest values of the target network are the means of, where the head is kQuantile: [B, C, N], all of the
  // same share, in units of rewards.
  at::Tensor TargetAtoms() const { return target_pass_.outputs.mul(options_.shape.value_scale); }
  bool wants_atoms() const { return options_.shape.action.head.kind == ValueHead::Kind::kQuantile; }

  // Whether networks are computed by fused_q.h. Then single users can be asked about, which costs as much as their
  // share of a batch; LibTorch wants all of them at once.
  bool fused() const { return fused_ != nullptr; }
  // The same as above for some actions of single users, where fused(): takes users [B, U] and the network as it is now;
  // without `user_value` values may lack what all actions of a user have in common.
  void LoadUsers(QSide side, const at::Tensor& observation, bool user_value);
  // values [n] of actions float32 [n, F] of one of these users.
  void Score(QSide side, size_t user, const float* actions, absl::Span<float> values);

  // What one step learns from, in plain memory: targets in units of rewards; rows of weight 0 do not count.
  struct QBatch {
    at::Tensor observation;           // [B, U]
    at::Tensor actions;               // [B, F]
    absl::Span<const float> targets;  // [B]
    absl::Span<const float> weights;  // [B]
    double divisor = 1;               // What the weighted sum of losses is divided by.
    // Of kQuantile: the distributions that `targets` are the means of, M atoms per row with shares that sum to 1; those
    // of share 0 do not count.
    absl::Span<const float> atoms = {}, shares = {};  // [B, M]
  };
  // Adam on the online network, then the target network. The absolute errors, in units of rewards and before the step,
  // go to `td_errors` [B], 0 for rows of weight 0; or empty: not wanted.
  void Learn(const QBatch& batch, absl::Span<float> td_errors);
  // The same in two parts. Between them the gradients and the loss may become those of several learners: of
  // `batch.divisor` rows each, or of none where all weights are 0.
  void ComputeGradients(const QBatch& batch, absl::Span<float> td_errors);
  void Step();
  GradientPart gradient_part(double rows) { return {gradients_.arena.flat(), rows, &loss_.number()}; }

  // The same for tensor programs: all of the learner's type and on its device, `weights` already divided.
  struct TensorBatch {
    at::Tensor observation, actions;     // [B, U], [B, F]
    at::Tensor targets, weights;         // [B]
    at::Tensor atoms = {}, shares = {};  // [B, M]
  };
  // Leaves the gradients, the loss and td_errors().
  void ComputeGradients(const TensorBatch& batch);
  // After each run of a program with it.
  void TakeResults() { loss_.TakeTensor(); }
  // [B], always the same memory for a number of rows.
  const at::Tensor& td_errors() const { return td_errors_; }
  // A step in two parts: what the host does before a program, and what may be part of it, with what the first returned:
  // whether this step copies the online network to the target network.
  bool BeginStep();
  void ApplyStep(bool copy_target);
  // Batches have another number of rows from now on.
  void ForgetRows();

  int64_t steps() const { return optimizer_.steps(); }
  double loss() const { return loss_.value(); }  // Of the last batch, before its step.
  const Adam& optimizer() const { return optimizer_; }

  QNetwork& online() { return online_; }
  QNetwork& target() { return target_; }
  const QNetwork& gradients() const { return gradients_; }

 private:
  // Fills d_q_, td_errors and loss_ from what the network says, q_ [B].
  void ComputeErrors(const QBatch& batch, absl::Span<float> td_errors);
  void LearnFused(const QBatch& batch, absl::Span<float> td_errors);
  at::Tensor FusedValues(QSide side, const at::Tensor& observation, const at::Tensor& actions);
  at::Tensor FloatValues(QSide side, const at::Tensor& observation, const at::Tensor& actions);

  const QLearnerOptions options_;
  const TrainingState memory_;  // Keeps the memory alive.
  const at::TensorOptions tensors_;
  QNetwork online_, target_, gradients_;
  Adam optimizer_;
  std::unique_ptr<FusedQ> fused_;  // nullptr: the operators of LibTorch.
  std::vector<double> q_, d_q_;    // [B]
  std::vector<float> float_d_q_;   // [B]
  QPass pass_, online_pass_, target_pass_;
  at::Tensor ones_, td_errors_;  // [B]
  LossValue loss_;
};

}  // namespace recbots
