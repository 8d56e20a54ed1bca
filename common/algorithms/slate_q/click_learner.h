// Fits how users click to what they clicked: a multinomial logit over the slate,
//
//   P(i | A) = exp s(user, i) / (1 + sum over A of exp s(user, j)),  P(none | A) = 1 / (1 + sum),
//
// whose scores s are a network of user and item, by the cross-entropy of the click (or of none). exp s can stand for
// any positive weight, so the proportional model is among what can be learnt; cascades are only approximated.
//
// A share of the rows is held out, chosen by a hash of what was shown to whom: it is never fitted, only scored.
//
// There are two forms of what depends on a batch: one in plain memory, on the CPU, and one of tensors for tensor
// programs (common/networks/tensor_program.h) on any device. They differ by rounding.
//
// Letters: B rows, K slate positions, F item features, C items per row, U user features. Functions throw c10::Error
// (torch_status.h). Deterministic. Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/loss_value.h"
#include "common/base/device.h"
#include "common/inference/item_network.h"
#include "common/networks/adam.h"
#include "common/networks/critic.h"
#include "common/networks/gradient_exchange.h"
#include "common/networks/parameter_arena.h"
#include "common/networks/training_state.h"

namespace recbots {

struct ClickLearnerOptions {
  ItemNetworkSizes sizes;
  double learning_rate = 0.001;
  OptimizerOptions optimizer = {};
  double held_out = 0.05;  // 0..0.5
  uint64_t seed = 1;
  Device device = {};  // Of a state of its own.
};

// What was shown and clicked.
struct ShownSlates {
  at::Tensor observation;             // float32 [B, U]
  absl::Span<const float> items;      // float32 [B, K, F]
  absl::Span<const int32_t> sizes;    // [B]: items of each slate, the rest of `items` does not matter
  absl::Span<const int32_t> clicked;  // [B]: position in the slate, -1: none
};

// The same for tensor programs, of the type and on the device of the state.
struct ShownTensors {
  at::Tensor observation;  // [B, U]
  at::Tensor items;        // [B * K, F]
  at::Tensor shown;        // bool [B, K]: where there is an item
  at::Tensor clicked;      // [B, K + 1]: 1 at the click, which is last where there was none
  at::Tensor shares;       // [B]: 1 / (rows that are fitted), or 0 where the row is held out
};

// Mean log-likelihood of clicks in nats per slate, with old slates forgotten.
class LikelihoodMean {
 public:
  // Over two numbers of a state, which outlives it.
  LikelihoodMean(double& count, double& mean) : count_(&count), mean_(&mean) {}

  void Add(double log_likelihood) {
    const double keep = *count_ < kWindow ? *count_ / (*count_ + 1) : 1 - 1 / kWindow;
    *mean_ = keep * *mean_ + (1 - keep) * log_likelihood;
    *count_ += 1;
  }
  double count() const { return *count_; }
  double mean() const { return *mean_; }

 private:
  static constexpr double kWindow = 20000;
  double* count_;
  double* mean_;
};

class ClickLearner {
 public:
  // Adds the tensors "click.w1" and so on, without targets, and its numbers.
  static void Describe(const ClickLearnerOptions& options, TrainingSpec& spec);

  // Learns in its part of the state.
  ClickLearner(const ClickLearnerOptions& options, const TrainingState& state);
  // Alone, in a state of its own.
  explicit ClickLearner(const ClickLearnerOptions& options);

  // Weights exp(s) float32 [B * C] of items [B * C, F], against a weight of no click of 1.
  void Weigh(const at::Tensor& observation, const at::Tensor& items, absl::Span<float> weights);
  // s [B, C], as part of a tensor program.
  at::Tensor Scores(const at::Tensor& observation, const at::Tensor& items);
  // One step of Adam on the rows that are not held out; those that are add to held_out(), and to `given` with
  // given_log_likelihood [B] (empty: no model to compare with), what another model says of the same clicks.
  void Learn(const ShownSlates& shown, absl::Span<const double> given_log_likelihood);
  // The same in two parts. Between them the means of AddParts may become those of several learners; then `held_out` is
  // false, and Step adds what was held out: each row as the mean of all of them.
  void ComputeGradients(const ShownSlates& shown, absl::Span<const double> given_log_likelihood, bool held_out);
  void Step();

  // Whether a row is held out, from its user [U] and what was shown [K, F].
  bool IsHeldOut(absl::Span<const float> user, absl::Span<const float> items) const;
  // As part of a tensor program: leaves the log-likelihoods of the clicks, and, unless it is only to `score`, the
  // gradients and the loss.
  void ComputeGradients(const ShownTensors& shown, bool score_only);
  // Before each such program: how many rows are fitted.
  void BeginBatch(int64_t fitted);
  // After each of its runs: `held_out` are the rows that are held out, `given` [as many] and `add` are as
  // given_log_likelihood and held_out above. Waits for the program where rows are held out.
  void TakeResults(absl::Span<const int64_t> held_out, absl::Span<const double> given, bool add);
  // A step in two parts: what the host does before a program, and what may be part of it where the first returned true
  // (there are rows to be fitted).
  bool BeginStep();
  void ApplyStep() { optimizer_.Apply(); }
  // Batches have another number of rows from now on.
  void ForgetRows();

  // Appends the parts of this model, kNumParts; TakeRows takes back from them what rows they are of.
  static constexpr size_t kNumParts = 3;
  void AddParts(std::vector<GradientPart>& parts);
  void TakeRows(absl::Span<const GradientPart> parts);

  const LikelihoodMean& held_out() const { return held_out_; }
  const LikelihoodMean& given() const { return given_; }
  double loss() const { return loss_.value(); }  // Cross-entropy of the last step's rows.
  const Adam& optimizer() const { return optimizer_; }

  const ParameterArena& parameters() const { return part_.parameters; }
  const ParameterArena& gradients() const { return part_.gradients; }

 private:
  bool IsHeldOut(const ShownSlates& shown, size_t row) const;
  // Overwrites the gradients from those with respect to the scores [B * K, 1], after the pass over these inputs.
  void Backpropagate(const at::Tensor& observation, const at::Tensor& items, const at::Tensor& d_score);
  // Notes what a row that is held out says; `given` is nullptr without another model.
  void HoldOut(double log_likelihood, const double* given, bool held_out);

  const ClickLearnerOptions options_;
  const TrainingState memory_;  // Keeps the memory alive.
  const at::TensorOptions tensors_;
  TrainingTensors part_;
  Critic critic_, gradients_;
  Adam optimizer_;
  MlpActivations pass_, weigh_pass_;
  at::Tensor state_, weigh_state_, ones_;
  at::Tensor log_likelihoods_;  // [B]
  LikelihoodMean held_out_, given_;
  LossValue loss_;
  // Of the newest batch: rows that were fitted, and rows that were held out and are not yet added, with their means.
  int64_t fitted_ = 0, left_held_out_ = 0, left_given_ = 0;
  double left_held_out_mean_ = 0, left_given_mean_ = 0;
};

}  // namespace recbots
