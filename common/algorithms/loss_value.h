// The newest loss of a learner: a number, or one that a tensor program (common/networks/tensor_program.h) has left on
// its device, where it stays until somebody asks for it.
//
// Throws c10::Error (common/networks/torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/TensorOptions.h>

namespace recbots {

class LossValue {
 public:
  explicit LossValue(const at::TensorOptions& options) : tensor_(at::zeros({}, options)) {}

  // Where programs leave it: [], always the same memory.
  const at::Tensor& tensor() const { return tensor_; }
  // After a run of such a program: what lies there is the newest one.
  void TakeTensor() { taken_ = false; }
  // The number itself, to be read or replaced.
  double& number() {
    value();
    return number_;
  }
  double value() const {
    if (!taken_) number_ = tensor_.item<double>();
    taken_ = true;
    return number_;
  }

 private:
  at::Tensor tensor_;
  mutable double number_ = 0;
  mutable bool taken_ = true;
};

}  // namespace recbots
