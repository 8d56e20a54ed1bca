#include "common/networks/mlp.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mv.h>
#include <ATen/ops/threshold_backward.h>

namespace recbots {

Mlp::Mlp(const ParameterArena& arena, const std::string& prefix)
    : w1(arena.at(prefix + ".w1")),
      b1(arena.at(prefix + ".b1")),
      w2(arena.at(prefix + ".w2")),
      b2(arena.at(prefix + ".b2")),
      w3(arena.at(prefix + ".w3")),
      b3(arena.at(prefix + ".b3")),
      w2_t(w2.t()),
      w3_t(w3.t()) {}

MlpMemory MemoryOf(const Mlp& mlp) {
  return {mlp.w1.data_ptr<float>(), mlp.b1.data_ptr<float>(), mlp.w2.data_ptr<float>(),
          mlp.b2.data_ptr<float>(), mlp.w3.data_ptr<float>(), mlp.b3.data_ptr<float>()};
}

MlpActivations::MlpActivations(at::ScalarType dtype) {
  for (at::Tensor* tensor : {&hidden1, &hidden2, &output, &d_z1, &d_z2}) {
    *tensor = at::empty({0}, at::TensorOptions(dtype));
  }
}

void Forward(const Mlp& mlp, MlpActivations& a) {
  a.hidden1.clamp_min_(0);
  at::addmm_out(a.hidden2, mlp.b2, a.hidden1, mlp.w2_t);
  a.hidden2.clamp_min_(0);
  at::addmm_out(a.output, mlp.b3, a.hidden2, mlp.w3_t);
}

void Backward(const Mlp& mlp, const at::Tensor& d_output, MlpActivations& a) {
  at::mm_out(a.d_z2, d_output, mlp.w3);
  at::threshold_backward_out(a.d_z2, a.d_z2, a.hidden2, 0);
  at::mm_out(a.d_z1, a.d_z2, mlp.w2);
  at::threshold_backward_out(a.d_z1, a.d_z1, a.hidden1, 0);
}

void WeightGradients(const at::Tensor& d_output, const MlpActivations& a, const at::Tensor& ones, Mlp& gradients) {
  const at::Tensor d_output_t = d_output.t();
  const at::Tensor d_z2_t = a.d_z2.t();
  at::mm_out(gradients.w3, d_output_t, a.hidden2);
  at::mv_out(gradients.b3, d_output_t, ones);
  at::mm_out(gradients.w2, d_z2_t, a.hidden1);
  at::mv_out(gradients.b2, d_z2_t, ones);
  at::mv_out(gradients.b1, a.d_z1.t(), ones);
}

}  // namespace recbots
