// Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) over one flat tensor, in one pass over memory. The same steps
// as torch::optim::AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101), whose weight decay does not go through the
// moments, to rounding. The gradients may be clipped before (as torch::nn::utils::clip_grad_norm_ does it), and the
// learning rate may follow a schedule; by default neither, nor decay, and then a step costs nothing more.
//
// Nothing but `steps` is remembered from one step to the next beside the moments, so an optimiser that goes on from
// them takes the same steps, whatever its options.
#pragma once

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/networks/program_inputs.h"
#include "common/networks/training_state.h"
#include "common/training/optimizer.h"

namespace recbots {

struct AdamOptions {
  double learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  OptimizerOptions around = {};
  bool with_operators = false;  // For comparison: LibTorch's operators on the CPU, too.
};

// What it remembers lies in the state of the algorithm (training_state.h). Not thread-safe.
class Adam {
 public:
  Adam() = default;
  // Steps `tensors.parameters` by `tensors.gradients`: on the CPU in one pass over memory, on another device by
  // LibTorch's operators; in single precision by the one that does a whole step, where LibTorch has it. `steps` counts,
  // and outlives the optimiser.
  Adam(const AdamOptions& options, const TrainingTensors& tensors, double& steps);

  // One step along the gradients as they are now: Begin and Apply.
  void Step();
  // The same, and in the same pass over memory the targets of these parameters move to them by the share tau, 0..1: the
  // same values as those of BlendTargets afterwards.
  void StepAndBlend(double tau);
  // A step in two parts, for a tensor program (tensor_program.h). Begin counts it and hands its learning rate over; it
  // belongs before the program. Apply does the rest and may be part of the program.
  void Begin();
  void Apply();
  void ApplyAndBlend(double tau);
  // Moves the targets alone: target += tau * (parameter - target).
  void BlendTargets(double tau);

  int64_t steps() const { return static_cast<int64_t>(*steps_); }

  // Of the newest step, or of the first one while there is none.
  double learning_rate() const { return RateOf(std::max(1.0, *steps_)); }
  // The Euclidean norm of the gradients as they are now, before they are clipped: a step leaves them alone. One pass
  // over memory.
  double gradient_norm() const;

 private:
  double RateOf(double step) const { return options_.learning_rate * LearningRateShare(options_.around, step); }
  // Whether a step does more than that of algorithm 1.
  bool adorned() const { return options_.around.clip_norm > 0 || options_.around.weight_decay > 0; }
  // The factor that clips the gradients, on the CPU.
  double ClipFactor() const;
  // By operators, with the targets where tau is at least 0.
  void ApplyOperators(double tau);
  // A step along `gradients` by several operators, or by one.
  void ApplyOneByOne(const at::Tensor& gradients);
  void ApplyOneKernel(const at::Tensor& gradients);
  template <typename T>
  void StepAs(double clip);
  template <typename T>
  void StepAndBlendAs(double clip, double tau);
  template <typename T>
  void BlendAs(double tau);

  AdamOptions options_;
  at::Tensor parameters_;
  at::Tensor targets_;
  at::Tensor gradients_;
  at::Tensor mean_;      // First moment.
  at::Tensor variance_;  // Second moment, not centred.
  double* steps_ = nullptr;
  bool operators_ = false;
  ProgramInputs factors_;  // Of a step by several operators: [3].
  // Of a step by one operator. The device counts steps itself, so that it must be told little: a step of a captured
  // program costs no copy.
  struct OneKernel {
    at::Tensor rate, count;                  // float32 []
    double told_rate = -1, told_count = -1;  // What they hold.
    int64_t slice = 0;                       // Elements of each of the following, but for the last one.
    std::vector<at::Tensor> parameters, mean, variance, counts;
  };
  std::optional<OneKernel> one_kernel_;
};

}  // namespace recbots
