// Multi-layer perceptrons (HiddenLayers, common/inference/tensor_spec.h) with a linear output, with their gradients
// written out: at the size of a bot's networks, recording and replaying an autograd graph costs more than the
// arithmetic. Checked against autograd.
//
// The linear part of the first layer is left to the caller, because a critic's has two inputs (z1 = x Wx^T + y Wy^T +
// b1), one of which is shared between several calls.
//
// Letters: B rows, H units of a hidden layer, O outputs. Functions size the tensors they write to on first use, so one
// set of activations serves one B. They throw c10::Error (torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <string>
#include <vector>

#include "common/inference/tensor_spec.h"
#include "common/networks/parameter_arena.h"
#include "common/training/packed_mlp.h"

namespace recbots {

// Views of the tensors of MlpTensors named `prefix`.w1 and so on.
struct Mlp {
  struct Layer {
    at::Tensor w, b, w_t;     // w_t is the transpose, which the forward pass multiplies with.
    at::Tensor scale, shift;  // With normalisation.
  };

  Mlp() = default;
  // Of `hidden` sizes are not looked at.
  Mlp(const ParameterArena& arena, const std::string& prefix, const HiddenLayers& hidden = {});

  size_t depth() const { return layers.size() - 1; }  // Hidden layers.

  Activation activation = Activation::kRelu;
  bool layer_norm = false;
  std::vector<Layer> layers;  // The output is the last one.
  at::Tensor w1, b1;          // Those of the first one.
};

// The tensors as plain memory; they are float32, and the perceptron is a plain one (HiddenLayers::plain).
MlpMemory MemoryOf(const Mlp& mlp);

// What the passes leave behind. Tensors of size 0 until first used.
struct MlpActivations {
  // Of a hidden layer, [B, H] each.
  struct Layer {
    at::Tensor z;                      // On entry to Forward, of the first layer: its linear part.
    at::Tensor normal, mean, rstd;     // With normalisation: z normalised, and with what [B, 1].
    at::Tensor out;                    // Behind the activation. ReLU works in place: the same memory as z, or normal.
    at::Tensor d_z, d_scale, d_shift;  // Gradients.
  };

  MlpActivations() = default;
  // Of the networks' type of numbers, on their device.
  explicit MlpActivations(const at::TensorOptions& options);

  at::Tensor& z1() { return hidden[0].z; }
  const at::Tensor& d_z1() const { return hidden[0].d_z; }

  std::vector<Layer> hidden;  // At least one; Forward adds those behind it.
  at::Tensor output;          // [B, O]
};

// Fills everything but gradients from z1.
void Forward(const Mlp& mlp, MlpActivations& a);

// Fills the gradients with respect to z, from d_z1 to the last hidden layer's, and to the parameters of normalisation,
// from the gradient d_output [B, O]. After Forward on the same activations.
void Backward(const Mlp& mlp, const at::Tensor& d_output, MlpActivations& a);

// Overwrites all tensors of `gradients` but w1 from what Backward left; `ones` is [B]. The caller has w1.
void WeightGradients(const at::Tensor& d_output, const MlpActivations& a, const at::Tensor& ones, Mlp& gradients);

}  // namespace recbots
