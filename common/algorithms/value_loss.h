// Losses of the outputs of a network of values (common/inference/value_head.h), for a batch, with their gradients. All
// are in the unit of the network.
//
// LibTorch's operators on tensors of one type and device: nothing is read back to the host, so that they can be part of
// a tensor program (common/networks/tensor_program.h). They throw c10::Error (common/networks/torch_status.h).
//
// Letters: B rows, N outputs, M atoms of a target.
#pragma once

#include <ATen/core/Tensor.h>

namespace recbots {

struct ValueLosses {
  at::Tensor rows;       // [B]
  at::Tensor d_outputs;  // [B, N]: of each row's loss, with respect to its outputs
};

// Of the errors [B] of outputs that are the values themselves (N = 1): their squares; beyond `delta` Huber's loss,
// twice as large as usual (delta (2 |e| - delta)). delta 0: always the square.
ValueLosses ScalarLosses(const at::Tensor& errors, double delta);

// The quantile Huber loss (Dabney et al. 2018, arXiv:1710.10044, equations 9 and 10): the sum over quantiles theta_i
// [B, N] at tau_i = (i + 1/2) / N of the mean over the target of |tau_i - [u < 0]| L(u) / kappa, u = y - theta_i, with
// L(u) = u^2 / 2 up to |u| = kappa and kappa (|u| - kappa / 2) beyond; of kappa 0 the limit, |tau_i - [u < 0]| |u|,
// whose gradient at u = 0 is that from above. The target is atoms y_j [B, M] with shares [B, M] that sum to 1 in each
// row; atoms of share 0 may hold anything. With kappa above 0 takes memory for a few times B N M numbers.
ValueLosses QuantileLosses(const at::Tensor& quantiles, const at::Tensor& atoms, const at::Tensor& shares,
                           double kappa);

// The cross-entropy of softmax(logits) [B, N] from the two of the ascending bins [N] next to each of the targets [B]
// (TwoHotOf in common/inference/value_head.h).
ValueLosses TwoHotLosses(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& bins);

}  // namespace recbots
