// Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) over one flat tensor, in one pass over memory. The same steps
// as torch::optim::Adam without weight decay, to rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/networks/training_state.h"

namespace recbots {

struct AdamOptions {
  double learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// What it remembers lies in the state of the algorithm (training_state.h). Not thread-safe.
class Adam {
 public:
  Adam() = default;
  // Steps `tensors.parameters` by `tensors.gradients`, on the CPU. `steps` counts, and outlives the optimiser.
  Adam(const AdamOptions& options, const TrainingTensors& tensors, double& steps);

  // One step along the gradients as they are now.
  void Step();
  // The same, and in the same pass over memory the targets of these parameters move to them by the share tau, 0..1: the
  // same values as those of BlendTargets afterwards.
  void StepAndBlend(double tau);
  // Moves the targets alone: target += tau * (parameter - target).
  void BlendTargets(double tau);

  int64_t steps() const { return static_cast<int64_t>(*steps_); }

 private:
  template <typename T>
  void StepAs();
  template <typename T>
  void StepAndBlendAs(double tau);
  template <typename T>
  void BlendAs(double tau);

  AdamOptions options_;
  at::Tensor parameters_;
  at::Tensor targets_;
  at::Tensor gradients_;
  at::Tensor mean_;      // First moment.
  at::Tensor variance_;  // Second moment, not centred.
  double* steps_ = nullptr;
};

}  // namespace recbots
