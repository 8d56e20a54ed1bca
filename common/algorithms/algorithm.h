// A learning algorithm: one Update on one batch. LibTorch only: no gRPC, no threads, no locks.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/inference/tensor_spec.h"
#include "common/networks/adam.h"
#include "common/networks/finite_watch.h"
#include "common/networks/gradient_exchange.h"
#include "common/networks/tensor_batch.h"
#include "common/networks/training_state.h"

namespace recbots {

// Not thread-safe.
class Algorithm {
 public:
  using Losses = std::vector<std::pair<std::string, double>>;

  virtual ~Algorithm() = default;

  // One step of every optimiser that is due, then the targets. Losses are means over rows; those that are made of TD
  // errors weight each row by batch.importance_weights where those are given, and divide by the number of rows, not by
  // the sum of weights (Schaul et al. 2016, arXiv:1511.05952, algorithm 1). The absolute TD error of each row, before
  // the step and without its weight, is written to `td_errors`: one place per row, or empty, when it is not wanted. It
  // is not finite where the networks have diverged.
  //   INVALID_ARGUMENT  shapes that do not fit the networks, a weight that is negative or not finite, a number of
  //                     td_errors that is neither 0 nor that of the rows; nothing changed
  //   INTERNAL          LibTorch threw (its message is kept)
  virtual absl::Status Update(const TransitionBatch& batch, absl::Span<float> td_errors) = 0;

  // Losses of the newest update, by name; then, of each optimiser, the norm of its gradients before they were clipped
  // ("q_gradient_norm") and the learning rate of its newest step ("q_learning_rate"). Reads them back from where they
  // were computed: call it for status lines, not after every update.
  virtual Losses losses() const = 0;

  // Updates done.
  virtual int64_t updates() const = 0;

  // How updates are computed: kKernelsMode, or the mode of a tensor program (common/networks/tensor_program.h).
  virtual std::string compute_mode() const = 0;
  static constexpr char kKernelsMode[] = "kernels of our own";
  // Tensor programs run operator by operator from now on, and are not captured; for comparison.
  virtual void StopCapturing(const std::string&) {}

  // From now on, Update learns together with other learners; nullptr: alone. The exchange must outlive the updates. All
  // learners hold the same state (LoadState) and call Update with batches of the same size. If the exchange fails,
  // Update returns its error, and nothing that was learnt has changed.
  void SetExchange(GradientExchange* exchange) { exchange_ = exchange; }

  // What a policy needs of the parameters, encoded (common/inference/weights.h). Where an average is kept: of it.
  virtual std::string EncodeWeights() const;

  // From now on keeps an exponential moving average of the parameters, of which each update keeps the share `keep`,
  // 0..1 (1 excluded); 0: none, which costs nothing. After n updates it is the mean of the parameters after each of
  // them, weighted with keep^(n - 1), ..., keep, 1: the initial ones are no part of it. Learning itself uses the
  // parameters. Call it before the first update and before LoadState.
  void AverageWeights(double keep);

  // All that Update changes and a later Update depends on, as bytes: an algorithm of the same options that loads them
  // goes on with the same bytes as the one that saved them. losses() are not part of it: they are those of the newest
  // update of this object.
  std::string SaveState() const { return state_.Save(); }
  // Begins with what another run has learnt, as far as it fits (TrainingState::LoadFitting).
  absl::StatusOr<std::vector<std::string>> LoadFitting(absl::string_view saved) { return state_.LoadFitting(saved); }
  size_t num_parameter_tensors() const { return state_.all().parameters.layout().tensors().size(); }
  // SaveState in two steps, of which only this one must keep updates waiting (TrainingState::CopyTo): copy.Save() is
  // then SaveState().
  void CopyState(TrainingState& copy) const { state_.CopyTo(copy); }

  // Whether what was learnt can be used: an update with a loss or gradient that is not finite leaves parameters that
  // are not. Cheap enough for every update on the CPU; a GPU is waited for. Why not: FAILED_PRECONDITION, with the name
  // of the tensor.
  virtual bool finite() const { return state_.ParametersFinite(); }
  // The same where it may be known later: on a GPU at most FiniteWatch::kMaxOpen updates, which are not waited for.
  virtual bool finite_so_far() const;
  virtual absl::Status WhyNotFinite() const { return state_.CheckFinite(); }
  // The arenas in which it learns.
  const TrainingTensors& tensors() const { return state_.all(); }
  // INVALID_ARGUMENT: not bytes of SaveState, damaged, of an algorithm of other tensors, or diverged
  // (training_state.h); nothing changed.
  absl::Status LoadState(absl::string_view saved) { return state_.Load(saved); }

 protected:
  Algorithm() = default;
  // Every update ends with it, when it counts.
  void EndUpdate();
  // Each algorithm keeps what it learns in `state`, and nowhere else. `weights` are those of its parameters that a
  // policy needs, in the order of an encoding. Sets LibTorch to one thread.
  Algorithm(TrainingState state, std::vector<TensorSpec> weights);
  const TrainingState& state() const { return state_; }
  // Adds what `optimizer` has to say to what losses() returns.
  static void AddOptimizer(absl::string_view name, const Adam& optimizer, Losses& losses);
  GradientExchange* exchange() const { return exchange_; }
  // The number of the first of `rows` rows of a batch among those of all learners.
  int64_t FirstRow(int64_t rows) const { return exchange_ == nullptr ? 0 : exchange_->rank() * rows; }

 private:
  TrainingState state_;
  std::vector<TensorSpec> weights_;
  double keep_ = 0;
  GradientExchange* exchange_ = nullptr;
  mutable FiniteWatch finite_watch_;
};

}  // namespace recbots
