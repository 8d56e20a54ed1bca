// Products of matrices, in the precision that a learner asks for (MatrixPrecision).
//
// They throw c10::Error (torch_status.h). The precision is that of the calling thread.
#pragma once

#include <ATen/core/Tensor.h>

#include "common/base/device.h"

namespace recbots {

// Makes the products of this thread that precision while it lives; then the one before is back.
class PrecisionScope {
 public:
  explicit PrecisionScope(MatrixPrecision precision);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  const MatrixPrecision before_;
};

// out = a b; out is sized on first use. Of kBfloat16 factors and result are rounded; the sum over the inner dimension
// is made in float32. TF32 is the GPU's: on the CPU it is kFloat32. In float64 nothing is ever rounded.
void ProductInto(at::Tensor& out, const at::Tensor& a, const at::Tensor& b);
// out = addend + a b; the addend [columns] or [rows, columns] is not rounded.
void ProductInto(at::Tensor& out, const at::Tensor& addend, const at::Tensor& a, const at::Tensor& b);
// a b
at::Tensor Product(const at::Tensor& a, const at::Tensor& b);

}  // namespace recbots
