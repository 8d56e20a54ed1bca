// Wolpertinger (Dulac-Arnold et al. 2015, arXiv:1512.07679): DDPG (Lillicrap et al. 2016, arXiv:1509.02971) whose actor
// points into a space of item embeddings, and whose critic picks among the nearest items. Embeddings are learnt by the
// critic's loss.
//
// One update, everything computed from the parameters before it:
//   target   y = reward + discount * value of the best candidate under the target networks; candidates are the k items
//            nearest to the target actor's proto-action and `random_candidates` drawn ones
//   critic   mean (critic(s, unit embedding of the item shown) - y)^2, for each critic
//   actor    climb: -mean critic(s, proto-action); regress: mean |proto-action - unit embedding of the candidate that
//            the critic likes best|^2, candidates as above but from the online networks; or the sum of both. Its
//            gradient ends in the actor.
// Rows of several steps (n_step) differ in nothing: their reward and discount are those of all their steps.
//
// Then Adam on the actor, when due, Adam on critics and embeddings, and every target moves by tau.
// Importance weights, where the batch has them, stand before each row's term of the critics' losses, as in Schaul et
// al. 2016 (arXiv:1511.05952, algorithm 1), and not of the actor's: the value of an item is a mean over what may
// follow, which a biased draw distorts; the best proto-action of a state is the same however often the state is drawn,
// and weights would only slow the actor down where the critics have changed most. With two critics the first one
// chooses and the smaller of the two values counts (Fujimoto et al. 2018, arXiv:1802.09477, section 4.2).
//
// Random candidates are what retrieval by nearness cannot do without: an item that the actor does not point at would
// otherwise never be found good.
//
// In single precision gradients of networks of two equal hidden layers with ReLU are those of fused_update.h; those of
// other shapes, and all in double precision, come from LibTorch's operators.
//
// Deterministic: same options and batches, same parameters, bit for bit; in single precision and without target_noise
// on all processors with fused multiply-add (common/inference/lanes.h). The draws of update n are a function of
// (seed, n).
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/algorithms/wolpertinger/fused_update.h"
#include "common/algorithms/wolpertinger/networks.h"
#include "common/algorithms/wolpertinger/options.h"
#include "common/networks/adam.h"

namespace recbots {

class Wolpertinger final : public Algorithm {
 public:
  // INVALID_ARGUMENT: a field out of range; names field, value and bound.
  static absl::StatusOr<std::unique_ptr<Wolpertinger>> Create(const WolpertingerOptions& options);

  // INVALID_ARGUMENT also where an item shown is not one of the catalogue. With two critics the larger TD error counts:
  // a row is worth another look as long as one of them has it wrong (a mean would halve what only one has to learn).
  absl::Status Update(const TransitionBatch& batch, absl::Span<float> td_errors) override;
  // critic_loss: the sum over critics, as weighted; actor_loss: 0 before the actor's first update. The gradients of an
  // actor that was not due have norm 0.
  Losses losses() const override;
  int64_t updates() const override { return static_cast<int64_t>(updates_); }
  std::string compute_mode() const override { return fused_ != nullptr ? kKernelsMode : "operators"; }

  // The parameters, for checkpoints and tests.
  WolpertingerNetworks& online() { return online_; }
  WolpertingerNetworks& target() { return target_; }
  // Of the newest update: the gradients, zero where the actor was not due, and the targets y [B].
  const WolpertingerNetworks& gradients() const { return gradients_; }
  at::Tensor target_values() const;

 private:
  explicit Wolpertinger(const WolpertingerOptions& options);

  // Candidates of B users and what the critic makes of them.
  struct Candidates {
    Candidates() = default;
    Candidates(const WolpertingerOptions& options, int64_t batch_size, at::ScalarType dtype);

    at::Tensor items;            // int64 [B, C], C = k + random_candidates
    at::Tensor nearest, random;  // views of items: [B, k], [B, random_candidates]
    at::Tensor unit;             // [B * C, E]
    SearchScratch search;
    MlpActivations critic;
    at::Tensor best, best_value;  // [B, 1]: column (int64) and value of the first critic's favourite
  };
  // Tensors kept from update to update, for batches of one size.
  struct Scratch {
    Scratch() = default;
    Scratch(const WolpertingerOptions& options, int64_t batch_size, at::ScalarType dtype);

    int64_t batch_size = 0;
    at::Tensor ones;                             // [B]
    at::Tensor items;                            // int64 [B]: the items shown
    at::Tensor observation, next_observation;    // In the networks' dtype.
    at::Tensor reward, discount, target_values;  // [B]
    at::Tensor state[2];                         // [B, H]: the state's part of each critic's first layer
    at::Tensor td_error[2], d_value;             // [B, 1]
    at::Tensor d_climb;                          // [B, 1]: -1 / B, the gradient of the climbed loss
    at::Tensor d_td;                             // [B, 1]: d_climb, times the importance weights
    at::Tensor action, d_action, best_action;    // [B, E]
    at::Tensor d_proto_action;                   // [B, E]
    at::Tensor distance;                         // [B, E]: from the best candidate to the proto-action
    ActorPass actor, target_actor;
    UnitRows embeddings, target_embeddings;  // [I, E]
    MlpActivations critic[2], climb;
    Candidates candidates, target_candidates;
    at::Tensor target_state;        // [B, H]
    MlpActivations target_critic2;  // Values of the first critic's favourites by the second.
    at::Tensor target_best_action;  // [B, E]: these favourites
    at::Tensor d_unit;              // [I, E]
  };
  absl::Status LoadBatch(const TransitionBatch& batch);
  bool actor_is_due() const { return (updates() + 1) % options_.actor_delay == 0; }
  Rng MakeRng(Draw draw, int64_t row) const {
    return RowDraws(options_.seed, static_cast<uint64_t>(updates()), draw, FirstRow(scratch_.batch_size) + row);
  }

  // An update by fused_, and one by LibTorch.
  absl::Status RunFused(const TransitionBatch& batch, absl::Span<float> td_errors);
  absl::Status RunTensors(const TransitionBatch& batch, absl::Span<float> td_errors);

  // The parts of the latter, in order.
  void ComputeTargets();
  void ComputeCriticGradients();
  void AddCriticGradients(size_t c);
  void ComputeActorGradients();
  void ComputeClimb();
  void ComputeRegression(bool add);
  void WriteTdErrors(absl::Span<float> td_errors) const;
  Losses TensorLosses() const;

  // Makes the gradients those of all learners, where there are several.
  absl::Status ExchangeGradients(const TransitionBatch& batch);
  void Step();

  void AddTargetNoise(at::Tensor& proto_action) const;
  // Fills `candidates`; values by the first critic only.
  struct CandidateInput {
    const WolpertingerNetworks& networks;
    const at::Tensor& unit;          // [I, E]
    const at::Tensor& proto_action;  // [B, E]
    const at::Tensor& state;         // [B, H]
    Draw draw;
  };
  void ScoreCandidates(const CandidateInput& in, Candidates& candidates) const;

  const WolpertingerOptions options_;
  const at::ScalarType dtype_;
  WolpertingerNetworks online_, target_, gradients_;
  TrainingTensors actor_part_, critic_part_;
  Adam actor_optimizer_, critic_optimizer_;
  Scratch scratch_;
  std::unique_ptr<FusedUpdate> fused_;  // nullptr: the operators of LibTorch.
  // Of the newest update of all learners, where they are not fused.
  Losses group_losses_ = {{"critic_loss", 0}, {"actor_loss", 0}};
  double& updates_;
};

}  // namespace recbots
