// The gradients of an update of Wolpertinger (wolpertinger.h) as a tensor program (common/networks/tensor_program.h):
// by LibTorch's operators, for hidden layers of any kind, in single or double precision, on any device. Where
// fused_update.h serves, on one core and for two hidden layers with ReLU, it is faster.
//
// Products follow the precision of the program, but for the search for the nearest items.
//
// Deterministic: the same bits for the same numbers and sizes. On a GPU this holds for one model of GPU, one build of
// LibTorch and one way to run the program (TensorProgram::mode), because sums run in the order that these choose; none
// of the operators adds atomically. Which of equally near items are candidates is LibTorch's choice (topk).
//
// Letters: B rows, I items, E embedding size, H hidden units.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "absl/types/span.h"
#include "common/algorithms/wolpertinger/networks.h"
#include "common/algorithms/wolpertinger/options.h"
#include "common/algorithms/wolpertinger/tensor_inputs.h"
#include "common/networks/tensor_batch.h"
#include "common/networks/tensor_program.h"

namespace recbots {

// Functions throw c10::Error (torch_status.h). Not thread-safe.
class TensorUpdate {
 public:
  // Shares the memory of the networks. `program` is the one that Compute is part of, and outlives it.
  TensorUpdate(const WolpertingerOptions& options, const WolpertingerNetworks& online,
               const WolpertingerNetworks& target, const WolpertingerNetworks& gradients, TensorProgram& program);

  // Before the program. A batch of another size makes the program forget what it has captured.
  void Load(const TransitionBatch& batch, const WolpertingerInputs::Update& update);
  // In the program: overwrites all gradients; the actor's only where it is due. With `errors` also what ReadErrors
  // wants.
  void Compute(bool actor_is_due, bool errors);
  // After the program: the larger one of the critics' absolute TD errors of each row, NaN where one of them is.
  void ReadErrors(absl::Span<float> td_errors) const;
  // Of the newest update; the actor's of the newest one in which it was due. Waits for the device.
  struct Losses {
    double critic = 0, actor = 0;
  };
  Losses losses() const;
  // [B], on the device.
  const at::Tensor& target_values() const { return scratch_.target_values; }

 private:
  // Candidates of B users and what the critic makes of them.
  struct Candidates {
    Candidates() = default;
    Candidates(const WolpertingerOptions& options, int64_t rows, int64_t drawn, const at::TensorOptions& networks);

    at::Tensor items;           // int64 [B, C]: all of them, or the nearest and then those drawn
    at::Tensor nearest, drawn;  // views of items
    at::Tensor unit;            // [B * C, E]
    SearchScratch search;
    MlpActivations critic;
    at::Tensor best, best_value;  // [B, 1]: column (int64) and value of the first critic's favourite
    at::Tensor best_unit;         // [B, E]: the favourite
  };
  // Tensors kept from update to update, for batches of one size.
  struct Scratch {
    Scratch() = default;
    Scratch(const WolpertingerOptions& options, const WolpertingerInputs& inputs, const at::TensorOptions& networks);

    at::Tensor ones;                    // [B]
    at::Tensor d_climb;                 // [B, 1]: -1 / B, the gradient of the climbed loss
    at::Tensor d_square;                // [], on the CPU: 2 / B, the gradient's factor of a squared distance
    at::Tensor target_values;           // [B]
    at::Tensor state[2], target_state;  // [B, H]: the state's part of each critic's first layer
    at::Tensor td_error[2], d_value;    // [B, 1]
    at::Tensor abs_error, abs_error2;   // [B, 1]
    at::Tensor action, d_action;        // [B, E]
    at::Tensor d_proto_action;          // [B, E]
    at::Tensor distance;                // [B, E]: from the best candidate to the proto-action
    at::Tensor noisy_point;             // [B, E]
    ActorPass actor, target_actor;
    UnitRows noisy;                          // [B, E]
    UnitRows embeddings, target_embeddings;  // [I, E]
    MlpActivations critic[2], climb, target_critic2;
    Candidates candidates, target_candidates;
    bool actor_was_due = false;
  };

  bool searches() const { return options_.shape.k < options_.shape.num_items; }
  bool climbs() const { return options_.actor_objective != ActorObjective::kRegressToBest; }
  bool regresses() const { return options_.actor_objective != ActorObjective::kClimbCritic; }

  // The parts of an update, in order.
  void ComputeTargets();
  const at::Tensor& TargetProtoAction();
  void ComputeCritics();
  void AddCritic(size_t c);
  void ComputeErrors();
  void ComputeActor();
  void ComputeClimb();
  void ComputeRegression();

  // Fills `candidates`; values by the first critic only.
  struct CandidateInput {
    const WolpertingerNetworks& networks;
    const at::Tensor& unit;          // [I, E]
    const at::Tensor* proto_action;  // [B, E]; nullptr where all items are candidates
    const at::Tensor& state;         // [B, H]
    Draw draw;
  };
  void ScoreCandidates(const CandidateInput& in, Candidates& candidates) const;
  // Fills best_unit of what ScoreCandidates has found.
  void PickBest(const at::Tensor& unit, Candidates& candidates) const;

  const WolpertingerOptions options_;
  const WolpertingerNetworks online_, target_;
  WolpertingerNetworks gradients_;
  TensorProgram& program_;
  WolpertingerInputs inputs_;
  Scratch scratch_;
  double earlier_actor_loss_ = 0;  // Of batches of another size.
};

}  // namespace recbots
