// Q-learning with every ordered slate as an action of its own, the baseline that SlateQ decomposes (RecSim's full-slate
// Q); with slates of one it is DQN (Mnih et al. 2015), double where it is asked for (van Hasselt et al. 2016).
//
//   y = reward + discount * Q'(next, argmax over all slates of Q(next, slate)),  Q' of the target network
//
// Actions are told apart by the features of their items in order, so one network values all of them. Costs
// S = N (N - 1) ... (N - K + 1) passes per row. With legacy_target_state it bootstraps from the current state (spec
// B1).
//
// Networks of the shape that fused_q.h computes learn by kernels of our own on the CPU, because at the sizes of a bot's
// networks operators cost several times the arithmetic; all others, and all on a GPU, by a tensor program
// (full_slate_q_program.h). The results differ by rounding.
//
// Deterministic: same options and batches, same parameters, bit for bit; on which processors, q_learner.h says; by a
// tensor program on one machine and version of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/algorithms/full_slate_q/full_slate_q_program.h"
#include "common/algorithms/full_slate_q/options.h"
#include "common/algorithms/q_learner.h"

namespace recbots {

class FullSlateQ final : public Algorithm {
 public:
  // INTERNAL: LibTorch threw.
  static absl::StatusOr<std::unique_ptr<FullSlateQ>> Create(const FullSlateQOptions& options);

  // INVALID_ARGUMENT also where a slate names a position that is no candidate, or has an item behind its end.
  absl::Status Update(const TransitionBatch& batch, absl::Span<float> td_errors) override;
  Losses losses() const override;
  int64_t updates() const override { return q_.steps(); }
  std::string compute_mode() const override { return program_ == nullptr ? kKernelsMode : program_->mode(); }
  void StopCapturing(const std::string& why) override {
    if (program_ != nullptr) program_->StopCapturing(why);
  }

  // For tests.
  QLearner& q() { return q_; }
  std::vector<float> target_values() const { return program_ == nullptr ? targets_ : program_->ReadTargets(); }

 private:
  explicit FullSlateQ(const FullSlateQOptions& options);

  // Writes the features [K F] of a slate [K] of the row's candidates.
  void WriteSlate(const float* candidates, const int32_t* slate, float* action) const;
  // The row's candidates [N, F].
  const float* CandidatesOf(const at::Tensor& candidates, size_t row) const;
  // An update by a tensor program; or by kernels, whose parts follow.
  absl::Status UpdateByProgram(const TransitionBatch& batch, absl::Span<float> td_errors);
  absl::Status UpdateByKernels(const TransitionBatch& batch, absl::Span<float> td_errors);
  void LoadShown(const TransitionBatch& batch);
  void ComputeTargets(const TransitionBatch& batch);
  // Makes the gradients those of all learners, where there are several.
  absl::Status ExchangeGradients(const TransitionBatch& batch);

  const FullSlateQOptions options_;
  const size_t action_size_;           // K F
  const std::vector<int32_t> slates_;  // [S, K]
  QLearner q_;
  std::unique_ptr<FullSlateQProgram>
      program_;                  // nullptr: networks are computed by fused_q.h. The rest is then for them.
  std::vector<float> identity_;  // [N, N]: features of candidates that only their position tells apart
  std::vector<float> actions_;   // [B, S, K F]
  std::vector<float> chosen_;    // [B, K F]
  std::vector<float> targets_, row_weights_;
};

}  // namespace recbots
