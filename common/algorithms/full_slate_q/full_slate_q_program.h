// An update of full-slate Q-learning (full_slate_q.h) as a tensor program (common/networks/tensor_program.h): for
// networks that fused_q.h does not compute, for double precision, and for all on a GPU. Only what somebody wants is
// read back: TD errors and losses.
//
// Letters: B rows, N candidates, F features of an item, K slate positions, S slates. Functions throw c10::Error
// (common/networks/torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/full_slate_q/options.h"
#include "common/algorithms/q_inputs.h"
#include "common/algorithms/q_learner.h"
#include "common/networks/tensor_batch.h"
#include "common/networks/tensor_program.h"

namespace recbots {

class FullSlateQProgram {
 public:
  // All slates [S, K]; `q` outlives it.
  FullSlateQProgram(const FullSlateQOptions& options, absl::Span<const int32_t> slates, QLearner& q);

  // Takes a batch that has been checked.
  void Load(const TransitionBatch& batch);
  // Alone: the gradients and the step.
  void Update() { Run(/*gradients=*/true, /*step=*/true); }
  // The same in two parts, between which the gradients become those of several learners.
  void ComputeGradients() { Run(/*gradients=*/true, /*step=*/false); }
  void Step() { Run(/*gradients=*/false, /*step=*/true); }

  // Of the newest update: the absolute TD errors [B], or an empty span.
  void ReadTdErrors(absl::Span<float> td_errors) const;
  std::vector<float> ReadTargets() const;  // [B]

  const std::string& mode() const { return program_.mode(); }
  void StopCapturing(const std::string& why) { program_.StopCapturing(why); }

 private:
  // Where what a program reads lies among QInputs::more.
  enum : size_t {
    kShown,
    kShownKnown
  };  // int64 [B K]: rows of QInputs::items; [B K, 1]: 1, or 0 where there is no item

  std::vector<ProgramInputs::Wanted> MoreInputs(int64_t rows) const;
  void Run(bool gradients, bool step);
  void Learn();
  // Features [B S, K F] of all slates of `candidates` [B, N, F].
  at::Tensor AllSlates(const at::Tensor& candidates) const;

  const FullSlateQOptions options_;
  QLearner& q_;
  QInputs inputs_;
  TensorProgram program_;
  at::Tensor slates_;   // int64 [S K]
  at::Tensor targets_;  // [B]
};

}  // namespace recbots
