// SlateQ: Q-learning on slates by items (Ie et al. 2019, arXiv:1905.12767, sections 4 and 5).
//
// A slate A is worth V(A) = sum over its items of P(i | A) Q(i) + P(none | A) Q(none). One update, with everything
// computed from the parameters before it:
//   item    the one that was clicked, or none
//   target  y = reward + discount * V'(A'), V' by the target network on the next observation and candidates; A' is the
//           slate shown next (SARSA), or the one that the target rule composes there, with the values of the online
//           network (double Q) or of the target network
//   step    Q(item) towards y (q_learner.h), weighted by batch.importance_weights
// P comes from a choice model over affinities or from weights fitted to the clicks beside Q (click_learner.h). With a
// proposal only candidates that an actor proposes are considered (slate_proposer.h).
//
// RecSim's SlateQ, for comparison: no_click_is_zero, Q(none) = 0, and rows without a click teach nothing (the mean is
// over those with one); legacy_target_state, V' is computed from the current observation and candidates (spec B1).
//
// Where SARSA does not know the next slate (the step limit cut the episode), or an item of it was not proposed, the
// serving rule composes one with the values of the target network. Of several clicks in a row the first counts.
//
// Networks of the shape that fused_q.h computes learn by kernels of our own, row by row, on the CPU: at the sizes of a
// bot's networks operators cost several times the arithmetic, and of the target network only the chosen slates are
// asked. All others, and all on a GPU, learn by a tensor program (slate_q_program.h); the results differ by rounding,
// and the random candidates of a proposal may be others (slate_proposer.h).
//
// Deterministic: same options and batches, same parameters, bit for bit; on which processors, q_learner.h says. With a
// learned click model or a proposal, and by a tensor program: on one machine and version of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/algorithms/q_learner.h"
#include "common/algorithms/slate_q/click_learner.h"
#include "common/algorithms/slate_q/options.h"
#include "common/algorithms/slate_q/slate_proposer.h"
#include "common/algorithms/slate_q/slate_q_batch.h"
#include "common/algorithms/slate_q/slate_q_program.h"

namespace recbots {

class SlateQ final : public Algorithm {
 public:
  // INTERNAL: LibTorch threw.
  static absl::StatusOr<std::unique_ptr<SlateQ>> Create(const SlateQOptions& options);

  // INVALID_ARGUMENT also where a slate, shown now or next, names a position that is no candidate, or has an item
  // behind its end.
  absl::Status Update(const TransitionBatch& batch, absl::Span<float> td_errors) override;
  // q_loss; of a learned click model click_loss, click_log_likelihood and, where there is a model to compare with,
  // click_log_likelihood_given, in nats per slate over held-out rows; of a proposal proposal_loss.
  Losses losses() const override;
  int64_t updates() const override { return static_cast<int64_t>(updates_); }
  std::string compute_mode() const override { return program_ == nullptr ? kKernelsMode : program_->mode(); }
  void StopCapturing(const std::string& why) override {
    if (program_ != nullptr) program_->StopCapturing(why);
  }

  // For tests.
  QLearner& q() { return q_; }
  std::vector<float> target_values() const { return program_ == nullptr ? targets_ : program_->ReadTargets(); }

 private:
  explicit SlateQ(const SlateQOptions& options);

  // An update by a tensor program; or by kernels, whose parts follow in order.
  absl::Status UpdateByProgram(const TransitionBatch& batch, absl::Span<float> td_errors);
  absl::Status UpdateByKernels(const TransitionBatch& batch, absl::Span<float> td_errors);
  absl::Status LoadSlates(const TransitionBatch& batch);
  void LoadShown(const TransitionBatch& batch);
  void ChooseNext(const TransitionBatch& batch);
  void ComputeTargets(const TransitionBatch& batch);
  void ComputeValueGradients(const TransitionBatch& batch, absl::Span<float> td_errors);
  void ComputeClickGradients();
  void ComputeProposalGradients();
  // Makes the gradients those of all learners, where there are several.
  absl::Status ExchangeGradients(const TransitionBatch& batch, double num_learnt);
  void Step();

  // Prepares a side: what is considered, and how it is weighed. `purpose` tells draws apart.
  void LoadSide(int64_t rows, const at::Tensor& observation, const at::Tensor& candidates, uint32_t purpose,
                SlateQBatch& side);
  // The slate shown next as places among what is considered, in `slate` [K]; returns its size, or 0 where it is not
  // known or not all of it is considered.
  size_t PlaceShown(size_t row, absl::Span<int32_t> slate) const;
  // What the chosen slate [size] of a row is worth by the target network.
  double TargetValue(size_t row, absl::Span<const int32_t> slate);

  const SlateQOptions options_;
  QLearner q_;
  std::unique_ptr<ClickLearner> clicks_;
  std::unique_ptr<SlateProposer> proposer_;
  std::unique_ptr<SlateQProgram> program_;  // nullptr: networks are computed by fused_q.h. The rest is then for them.
  SlateQBatch now_, next_;
  SlateOptimizer optimizer_;
  double& updates_;

  // Of the batch under way, B rows.
  at::Tensor slates_, next_slates_;             // [B, K]
  std::vector<int32_t> slate_sizes_, clicked_;  // [B]; position in the slate, or -1
  std::vector<float> shown_;                    // [B, K, F]: features of what was shown
  std::vector<float> chosen_;                   // [B, F (+ 1)]: of the item whose value is learnt
  std::vector<float> targets_, row_weights_;    // [B]
  double num_learnt_ = 0;                       // Rows whose value is learnt.
  std::vector<int32_t> next_chosen_;            // [B, K]: places of the slates that targets are made of
  std::vector<size_t> next_sizes_;              // [B]: their sizes; 0: nothing follows
  // Of one row.
  std::vector<float> row_values_;                    // [C (+ 1)]
  std::vector<float> slate_values_, slate_actions_;  // [K (+ 1)], [K (+ 1), F (+ 1)]
};

}  // namespace recbots
