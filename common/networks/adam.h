// Adam (Kingma and Ba 2015, arXiv:1412.6980, algorithm 1) over one flat tensor, in one pass over memory. The same steps
// as torch::optim::Adam without weight decay, to rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace recbots {

struct AdamOptions {
  double learning_rate = 0.001;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
};

// Not thread-safe.
class Adam {
 public:
  Adam() = default;
  // Steps `parameters` by `gradients`: contiguous CPU tensors of one size, float32 or float64, shared with the caller.
  Adam(const AdamOptions& options, at::Tensor parameters, at::Tensor gradients);

  // One step along the gradients as they are now.
  void Step();

  int64_t steps() const { return steps_; }

 private:
  template <typename T>
  void StepAs();

  AdamOptions options_;
  at::Tensor parameters_;
  at::Tensor gradients_;
  at::Tensor mean_;      // First moment.
  at::Tensor variance_;  // Second moment, not centred.
  int64_t steps_ = 0;
};

}  // namespace recbots
