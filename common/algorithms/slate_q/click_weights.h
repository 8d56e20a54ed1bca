// How likely users click, for a whole batch by LibTorch's operators: what common/slate/affinity.h and the learned click
// model (click_learner.h) say of items by themselves. For tensor programs (common/networks/tensor_program.h).
//
// Letters: B users, C items each, D features of an item. Functions throw c10::Error (common/networks/torch_status.h).
// Pure; the same as for one user after the other, to rounding.
#pragma once

#include <ATen/core/Tensor.h>

#include "common/slate/affinity.h"

namespace recbots {

struct ClickWeights {
  at::Tensor items;  // [B, C]
  at::Tensor none;   // [B, 1]
};

// AffinityWeights::Weigh of `items` [B, C, D] for `users` [B, U], U >= D.
ClickWeights WeighAffinities(const AffinityWeights& affinity, const at::Tensor& users, const at::Tensor& items);

// ScoresToWeights of scores [B, C], against 1.
ClickWeights WeighScores(const at::Tensor& scores);

}  // namespace recbots
