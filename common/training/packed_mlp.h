// A perceptron of two hidden ReLU layers (MlpTensors), made ready for passes on one core without LibTorch: its weights
// packed for the kernels of dense.h, forwards and backwards. The arithmetic of an update at the size of a bot's
// networks takes less time than LibTorch needs to dispatch its operators.
//
// The first layer is split by input: z1 = user Wu^T + b1 + action Wa^T, because the user's part is shared between
// actions. Values have the same bits on all processors with fused multiply-add (dense.h).
//
// Letters: M rows, U user inputs, A action inputs (0: none), H1, H2 hidden units, O outputs; padded: PaddedSize.
#pragma once

#include "common/inference/dense.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

// Where the tensors of a perceptron, or their gradients, lie: row-major, as in an arena.
struct MlpMemory {
  float *w1, *b1, *w2, *b2, *w3, *b3;
};

// Weights of one version. Allocates at construction only.
struct PackedMlp {
  PackedMlp() = default;
  PackedMlp(const MlpSizes& sizes, int num_user_inputs);

  // What forward passes need, and what backward passes need beside it.
  void Pack(const MlpMemory& memory);
  void PackBackward(const MlpMemory& memory);

  int num_action_inputs() const { return sizes.inputs - num_user_inputs; }

  MlpSizes sizes;
  int num_user_inputs = 0;
  DenseLayer user, action, second, third;  // Layers; the user's part has the bias, `action` none.
  AlignedFloats head;                      // [padded H2]: the weights of one output, for ApplyWithHead
  float head_bias = 0;                     // and its bias
  DenseLayer action_back, second_back,
      third_back;  // From gradients of z1, z2 and the output to those in front of them.
};

// Activations and gradients of M rows, [M, padded]. Allocates where M grows.
struct MlpRows {
  void Resize(const MlpSizes& sizes, int rows);
  DenseRows View(const AlignedFloats& values, int columns) const;

  int rows = 0;
  MlpSizes sizes;
  AlignedFloats hidden1, hidden2;  // After the ReLU.
  AlignedFloats d_z1, d_z2;        // Gradients with respect to the layers before it.
};

// From hidden1 to hidden2, then values [M] of one output or outputs [M, padded O].
void ForwardToValues(const PackedMlp& mlp, MlpRows& pass, float* values);
void ForwardToOutputs(const PackedMlp& mlp, MlpRows& pass, float* outputs);

// d_z2 and d_z1 from d_values [M] of one output, or from d_outputs [M, padded O]; after Forward and PackBackward.
void BackwardFromValues(const PackedMlp& mlp, const float* d_values, MlpRows& pass);
void BackwardFromOutputs(const PackedMlp& mlp, const float* d_outputs, MlpRows& pass);

// Overwrites all six gradients from what Backward left: d_outputs [M, O], inputs x [M, U + A], readable up to
// PaddedSize(U + A).
void MlpGradients(const MlpRows& pass, const DenseRows& d_outputs, const DenseRows& x, const MlpMemory& gradients);

}  // namespace recbots
