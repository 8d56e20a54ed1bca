// Wolpertinger for slates (Dulac-Arnold et al. 2015, arXiv:1512.07679): an actor points into the space of item
// features, and only the candidates near its point are considered for the slate.
//
// The actor is drawn to the mean features of the best slate that SlateQ composes of what is considered in an update:
// the k nearest candidates and some random ones, without which an item that the actor does not point at would never be
// found good. With one-hot features that mean is the share of each kind of item in the best slate, and the nearest
// candidates are those of the kinds with the largest shares.
//
// There are two forms of choosing: one in plain memory, and one of tensors for tensor programs
// (common/networks/tensor_program.h) on any device. The k nearest are the same, to rounding; the random ones are drawn
// from the same numbers, but may be others, because they name places in an order of the rest that the forms do not
// share.
//
// Letters: B rows, N candidates, D item features, C = k + random candidates. Functions throw c10::Error
// (torch_status.h). Deterministic: draws are a function of (seed, update, row). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/loss_value.h"
#include "common/base/device.h"
#include "common/base/random.h"
#include "common/inference/tensor_spec.h"
#include "common/networks/adam.h"
#include "common/networks/gradient_exchange.h"
#include "common/networks/mlp.h"
#include "common/networks/parameter_arena.h"
#include "common/networks/training_state.h"

namespace recbots {

struct SlateProposerOptions {
  MlpShape actor;             // U -> D
  int k = 20;                 // Nearest candidates.
  int random_candidates = 5;  // Beside them, all different; fewer if there are too few.
  double learning_rate = 0.001;
  OptimizerOptions optimizer = {};
  uint64_t seed = 1;
  Device device = {};  // Of a state of its own.
};

class SlateProposer {
 public:
  // Adds the tensors "actor.w1" and so on, without targets, and the number "actor.steps".
  static void Describe(const SlateProposerOptions& options, TrainingSpec& spec);

  // Learns in its part of the state. `num_candidates` N, at least k.
  SlateProposer(const SlateProposerOptions& options, int num_candidates, const TrainingState& state);
  // Alone, in a state of its own.
  SlateProposer(const SlateProposerOptions& options, int num_candidates);

  int considered() const { return considered_; }  // C

  // Fills picked [B, C] with different positions of candidates float32 [B, N, D]. `purpose` tells the calls of one
  // update apart; `first_row` is the number of the first row, for the draws.
  void Pick(const at::Tensor& observation, const float* candidates, uint32_t purpose, absl::Span<int32_t> picked,
            int64_t first_row = 0);
  // The same in two parts: draws int64 [B, C - k] in plain memory, contiguous, which the host makes before a program;
  // and, as part of it, the positions int64 [B, C] in ascending order, from candidates [B, N, D].
  void Draw(uint32_t purpose, int64_t first_row, const at::Tensor& draws) const;
  at::Tensor Pick(const at::Tensor& observation, const at::Tensor& candidates, const at::Tensor& draws);
  // One step of Adam on the mean squared distance from the actor's points to `goals` float32 [B, D].
  void Learn(const at::Tensor& observation, const at::Tensor& goals);
  // The same in two parts. Between them the gradients may become those of several learners.
  void ComputeGradients(const at::Tensor& observation, const at::Tensor& goals);
  void Step() { optimizer_.Step(); }
  GradientPart gradient_part(double rows) { return {part_.gradients.flat(), rows, &loss_.number()}; }

  // ComputeGradients may be part of a tensor program. After each of its runs:
  void TakeResults() { loss_.TakeTensor(); }
  // A step in two parts: what the host does before a program, and what may be part of it.
  void BeginStep() { optimizer_.Begin(); }
  void ApplyStep() { optimizer_.Apply(); }
  // Batches have another number of rows from now on.
  void ForgetRows();

  double loss() const { return loss_.value(); }
  const Adam& optimizer() const { return optimizer_; }
  const ParameterArena& parameters() const { return part_.parameters; }

 private:
  void RunActor(const at::Tensor& observation);
  Rng RowDraws(uint32_t purpose, int64_t row) const;

  const SlateProposerOptions options_;
  const int considered_;
  const TrainingState memory_;  // Keeps the memory alive.
  const at::TensorOptions tensors_;
  TrainingTensors part_;
  Mlp actor_, gradients_;
  Adam optimizer_;
  MlpActivations pass_;
  at::Tensor ones_;
  std::vector<uint64_t> keys_;  // [N]: distance and position, in one ordered number
  LossValue loss_;
};

}  // namespace recbots
