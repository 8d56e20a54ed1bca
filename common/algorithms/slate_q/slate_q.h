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
// Deterministic: same options and batches, same parameters, bit for bit; on which processors, q_learner.h says. With a
// learned click model or a proposal: on one machine and version of LibTorch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/algorithms/algorithm.h"
#include "common/algorithms/q_learner.h"
#include "common/algorithms/slate_q/click_learner.h"
#include "common/algorithms/slate_q/shape.h"
#include "common/algorithms/slate_q/slate_proposer.h"
#include "common/algorithms/slate_q/slate_q_batch.h"

namespace recbots {

// Numbers as in config.proto (SlateQConfig.TargetRule).
enum class TargetRule { kSarsa = 1, kTopK = 2, kGreedy = 3, kOptimal = 4 };

struct SlateQOptions {
  SlateQShape shape;
  TargetRule target = TargetRule::kOptimal;
  QLearnerOptions q;
  ClickLearnerOptions click;      // Where shape.learned_clicks.
  SlateProposerOptions proposer;  // Where shape.proposal_k > 0.
  int click_field = 0;            // Index of "click" among the R response fields.
};

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
  std::string compute_mode() const override { return q_.fused() ? kKernelsMode : "operators"; }

  // For tests.
  QLearner& q() { return q_; }
  absl::Span<const float> target_values() const { return targets_; }

 private:
  explicit SlateQ(const SlateQOptions& options);

  // The parts of an update, in order.
  absl::Status LoadSlates(const TransitionBatch& batch);
  void LoadShown(const TransitionBatch& batch);
  void ChooseNext(const TransitionBatch& batch);
  // Makes a network ready to be asked what follows, and asks it about the actions of a row.
  void LoadNext(QSide side, bool user_value);
  void ValueNext(QSide side, size_t row, absl::Span<float> values);
  void ComputeTargets(const TransitionBatch& batch);
  void ComputeValueGradients(const TransitionBatch& batch, absl::Span<float> td_errors);
  void ComputeClickGradients();
  void ComputeProposalGradients();
  // Makes the gradients those of all learners, where there are several.
  absl::Status ExchangeGradients(const TransitionBatch& batch);
  void Step();

  // Prepares a side: what is considered, and how it is weighed. `purpose` tells draws apart.
  void LoadSide(int64_t rows, const at::Tensor& observation, const at::Tensor& candidates, uint32_t purpose,
                SlateQBatch& side);
  // The slate shown next as places among what is considered, in `slate` [K]; returns its size, or 0 where it is not
  // known or not all of it is considered.
  size_t PlaceShown(size_t row, absl::Span<int32_t> slate) const;
  // What the chosen slate [size] of a row is worth by the target network.
  double TargetValue(size_t row, absl::Span<const int32_t> slate);
  // The distribution that the row's target is the mean of: a mixture of those of the items, and of none, by how likely
  // each is clicked. `atoms` float32 [B, C (+ 1), N] are those of the target network.
  void ComputeAtoms(size_t row, float reward, float discount, absl::Span<const int32_t> slate, const at::Tensor& atoms);

  const SlateQOptions options_;
  QLearner q_;
  std::unique_ptr<ClickLearner> clicks_;
  std::unique_ptr<SlateProposer> proposer_;
  SlateQBatch now_, next_;
  SlateOptimizer optimizer_;
  double& updates_;

  // Of the batch under way, B rows.
  at::Tensor slates_, next_slates_;             // [B, K]
  std::vector<int32_t> slate_sizes_, clicked_;  // [B]; position in the slate, or -1
  std::vector<float> shown_;                    // [B, K, F]: features of what was shown
  std::vector<float> chosen_;                   // [B, F (+ 1)]: of the item whose value is learnt
  std::vector<float> targets_, row_weights_;    // [B]
  std::vector<float> atoms_, shares_;           // [B, (K + 1) N]: of targets, where q_ wants them
  double num_learnt_ = 0;                       // Rows whose value is learnt.
  std::vector<int32_t> next_chosen_;            // [B, K]: places of the slates that targets are made of
  std::vector<size_t> next_sizes_;              // [B]: their sizes; 0: nothing follows
  at::Tensor next_values_[2];                   // [B, C (+ 1)] by each network, where it is not fused
  // Of one row.
  std::vector<float> row_values_;                    // [C (+ 1)]
  std::vector<float> slate_values_, slate_actions_;  // [K (+ 1)], [K (+ 1), F (+ 1)]
};

}  // namespace recbots
