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
// On the CPU in single precision, gradients of networks of two equal hidden layers with ReLU are those of
// fused_update.h; those of other shapes, all in double precision, and all on a GPU are those of tensor_update.h.
//
// Deterministic: same options and batches, same parameters, bit for bit; where fused_update.h computes and without
// target_noise on all processors with fused multiply-add (common/inference/lanes.h), elsewhere as tensor_update.h says.
// The draws of update n are a function of (seed, n).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/algorithms/wolpertinger/fused_update.h"
#include "common/algorithms/wolpertinger/networks.h"
#include "common/algorithms/wolpertinger/options.h"
#include "common/algorithms/wolpertinger/tensor_update.h"
#include "common/networks/adam.h"
#include "common/networks/tensor_program.h"

namespace recbots {

class Wolpertinger final : public Algorithm {
 public:
  //   INVALID_ARGUMENT  a field out of range; names field, value and bound
  //   INTERNAL          LibTorch threw: the device cannot be used
  static absl::StatusOr<std::unique_ptr<Wolpertinger>> Create(const WolpertingerOptions& options);

  // INVALID_ARGUMENT also where an item shown is not one of the catalogue. With two critics the larger TD error counts:
  // a row is worth another look as long as one of them has it wrong (a mean would halve what only one has to learn).
  absl::Status Update(const TransitionBatch& batch, absl::Span<float> td_errors) override;
  // critic_loss: the sum over critics, as weighted; actor_loss: 0 before the actor's first update. The gradients of an
  // actor that was not due have norm 0.
  Losses losses() const override;
  int64_t updates() const override { return static_cast<int64_t>(updates_); }
  std::string compute_mode() const override { return fused_ != nullptr ? kKernelsMode : program_->mode(); }
  void StopCapturing(const std::string& why) override { program_->StopCapturing(why); }

  // The parameters, for checkpoints and tests.
  WolpertingerNetworks& online() { return online_; }
  WolpertingerNetworks& target() { return target_; }
  // Of the newest update: the gradients, zero where the actor was not due, and the targets y [B].
  const WolpertingerNetworks& gradients() const { return gradients_; }
  at::Tensor target_values() const;

 private:
  // `program` is made first of all: on a GPU it chooses the stream in which everything else happens.
  Wolpertinger(const WolpertingerOptions& options, std::unique_ptr<TensorProgram> program);

  bool actor_is_due() const { return (updates() + 1) % options_.actor_delay == 0; }

  // An update by fused_, and one by tensors_.
  absl::Status RunFused(const TransitionBatch& batch, absl::Span<float> td_errors);
  absl::Status RunTensors(const TransitionBatch& batch, absl::Span<float> td_errors);
  void WriteFusedErrors(absl::Span<float> td_errors) const;

  // Makes the gradients those of all learners, where there are several.
  absl::Status ExchangeGradients(const TransitionBatch& batch);
  // A step in three parts, of which the second may be part of a tensor program.
  void BeginStep();
  void ApplyStep(bool with_actor);
  void EndStep();

  const WolpertingerOptions options_;
  const at::ScalarType dtype_;
  const std::unique_ptr<TensorProgram> program_;
  WolpertingerNetworks online_, target_, gradients_;
  TrainingTensors actor_part_, critic_part_;
  Adam actor_optimizer_, critic_optimizer_;
  // One of the two.
  std::unique_ptr<FusedUpdate> fused_;
  std::unique_ptr<TensorUpdate> tensors_;
  // Of the newest update of all learners, where they are not fused.
  TensorUpdate::Losses group_losses_;
  double& updates_;
};

}  // namespace recbots
