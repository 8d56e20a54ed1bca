// Multi-layer perceptrons of two hidden ReLU layers and a linear output, with their gradients written out: at the size
// of a bot's networks, recording and replaying an autograd graph costs more than the arithmetic. Checked against
// autograd.
//
// The first layer is left to the caller, because a critic's has two inputs (z1 = x Wx^T + y Wy^T + b1), one of which is
// shared between several calls.
//
// Letters: B rows, H hidden units, O outputs. Functions size the tensors they write to on first use, so one set of
// activations serves one B. They throw c10::Error (torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "common/networks/parameter_arena.h"
#include "common/training/packed_mlp.h"

namespace recbots {

// Views of the six tensors of MlpTensors named `prefix`.w1 and so on, and the transposes the forward pass multiplies
// with.
struct Mlp {
  Mlp() = default;
  Mlp(const ParameterArena& arena, const std::string& prefix);

  at::Tensor w1, b1, w2, b2, w3, b3;
  at::Tensor w2_t, w3_t;
};

// The tensors as plain memory; they are float32.
MlpMemory MemoryOf(const Mlp& mlp);

// What the passes leave behind. Tensors of size 0 until first used.
struct MlpActivations {
  MlpActivations() = default;
  explicit MlpActivations(at::ScalarType dtype);

  at::Tensor hidden1;  // [B, H]: on entry to Forward z1, the first layer before its ReLU; then max(0, z1)
  at::Tensor hidden2;  // [B, H]
  at::Tensor output;   // [B, O]
  at::Tensor d_z1;     // [B, H]: gradient with respect to z1
  at::Tensor d_z2;     // [B, H]: the same of the second layer
};

// Fills hidden1, hidden2 and output from z1.
void Forward(const Mlp& mlp, MlpActivations& a);

// Fills d_z2 and d_z1 from the gradient d_output [B, O]. After Forward on the same activations.
void Backward(const Mlp& mlp, const at::Tensor& d_output, MlpActivations& a);

// Overwrites w2, b2, w3, b3 and b1 of `gradients` from what Backward left; `ones` is [B]. The caller has w1.
void WeightGradients(const at::Tensor& d_output, const MlpActivations& a, const at::Tensor& ones, Mlp& gradients);

}  // namespace recbots
