// An update of SlateQ (slate_q.h) as a tensor program (common/networks/tensor_program.h): for networks that fused_q.h
// does not compute, for double precision, and for all on a GPU.
//
// The host looks at a batch once, in Load: which item of a row was clicked, which rows are held out from the click
// model, which candidates are drawn. From then on everything is computed by LibTorch's operators on the device. Only
// what somebody wants is read back: TD errors, losses, and how likely the held-out clicks were.
//
// Letters as in slate_q.h; C considered candidates. Functions throw c10::Error (common/networks/torch_status.h).
// Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/q_inputs.h"
#include "common/algorithms/q_learner.h"
#include "common/algorithms/slate_q/click_learner.h"
#include "common/algorithms/slate_q/click_weights.h"
#include "common/algorithms/slate_q/options.h"
#include "common/algorithms/slate_q/slate_proposer.h"
#include "common/algorithms/slate_q/slate_tensors.h"
#include "common/networks/tensor_batch.h"
#include "common/networks/tensor_program.h"

namespace recbots {

class SlateQProgram {
 public:
  // The learners outlive it; `clicks` and `proposer` are nullptr where there are none.
  SlateQProgram(const SlateQOptions& options, QLearner& q, ClickLearner* clicks, SlateProposer* proposer);

  // Takes a batch that has been checked; `first_row` is the number of its first row, for the draws.
  void Load(const TransitionBatch& batch, int64_t first_row);
  // Alone: the gradients and the steps of all networks.
  void Update();
  // The same in two parts, between which the gradients become those of several learners.
  void ComputeGradients();
  void Step();

  // Of the newest update: rows whose value was learnt; their absolute TD errors [B], or an empty span.
  double num_learnt() const { return num_learnt_; }
  void ReadTdErrors(absl::Span<float> td_errors) const;
  std::vector<float> ReadTargets() const;  // [B]

  const std::string& mode() const { return program_.mode(); }
  void StopCapturing(const std::string& why) { program_.StopCapturing(why); }

 private:
  // Where what a program reads lies among QInputs::more; kUnused where nothing reads it.
  static constexpr size_t kUnused = static_cast<size_t>(-1);
  struct Places {
    size_t chosen, chosen_known;    // int64 [B]: row of QInputs::items; [B, 1]: 1, or 0 where nothing was clicked
    size_t next_slate, next_shown;  // int64, bool [B, K]: of SARSA
    size_t shown, shown_known;      // int64 [B K]: rows of QInputs::items; bool [B, K]: of a learned click model
    size_t clicked, fit_shares;     // [B, K + 1], [B]: as in ShownTensors
    size_t draws_now, draws_next;   // int64 [B, C - k]: of a proposal
  };
  // What is considered for each user, now or next.
  struct Side {
    at::Tensor observation;  // [B, U]
    at::Tensor picked;       // int64 [B, C] positions; undefined: all, in order
    at::Tensor items;        // [B, C, F]
    at::Tensor actions;      // [B * C, F], or with no click as one more action of each row [B * (C + 1), F + 1]
    ClickWeights weights;
  };
  // What follows each row.
  struct NextSlates {
    at::Tensor slates;  // int64 [B, K]: places among what is considered
    at::Tensor shown;   // bool [B, K]; undefined: all of them
  };

  std::vector<ProgramInputs::Wanted> MoreInputs(int64_t rows);
  // Of Load: what was clicked, and what the click model learns from.
  void LoadClicks(const TransitionBatch& batch);
  void LoadShown(const TransitionBatch& batch);
  void LoadWeights(const TransitionBatch& batch);
  void HoldOutRows(const TransitionBatch& batch);
  void LoadNextSlates(const TransitionBatch& batch);

  // Runs gradients, steps, or both.
  void Run(bool gradients, bool steps);
  // The parts of the program.
  void ComputeAllGradients(bool fits_clicks);
  Side MakeSide(const at::Tensor& observation, const at::Tensor& candidates, size_t draws);
  SlateProblems ProblemsOf(const Side& side, const at::Tensor& values) const;
  NextSlates ChooseNext(const Side& next, const SlateProblems& problems) const;
  void LearnValues(const Side& next);
  void AddAtoms(const SlateProblems& problems, const NextSlates& chosen, QLearner::TensorBatch& batch) const;
  void LearnProposals(const Side& now);
  void LearnClicks(bool fits);

  const SlateQOptions options_;
  QLearner& q_;
  ClickLearner* const clicks_;
  SlateProposer* const proposer_;
  const int64_t considered_;  // C
  QInputs inputs_;
  Places places_ = {};
  TensorProgram program_;

  // Of the batch under way.
  std::vector<int32_t> clicked_, slate_sizes_;  // [B]: position in the slate, or -1; items in it
  double num_learnt_ = 0;
  std::vector<int64_t> held_out_;  // Rows.
  std::vector<double> given_;      // What another click model says of their clicks, where there is one.
  at::Tensor targets_;             // [B]
};

}  // namespace recbots
