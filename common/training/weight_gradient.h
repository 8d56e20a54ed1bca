// Gradients of a dense layer y = x W^T + b with respect to W and b. Each is a sum over rows, from the first to the
// last, one multiply-add (lanes.h) or addition a row; so it has the same bits on all processors with fused
// multiply-add.
//
// Letters: M rows, K inputs, N outputs.
#pragma once

#include <cstddef>

#include "common/inference/dense.h"

namespace recbots {

// d_weight [N, K] = d^T x of d [M, N], the gradient with respect to y, and x [M, K]. Rows of x are readable up to
// PaddedSize(K); what lies beyond K does not matter.
void WeightGradient(const DenseRows& d, int num_outputs, const DenseRows& x, int num_inputs, float* d_weight);

// d_bias [N]: the sum over rows of d [M, N], readable up to PaddedSize(N).
void BiasGradient(const DenseRows& d, int num_outputs, float* d_bias);

}  // namespace recbots
