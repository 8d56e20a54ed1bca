// The networks of the Q-learners as textbook formulas for LibTorch's autograd, in double precision.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "common/base/random.h"
#include "common/networks/q_network.h"

namespace recbots::testing {

inline at::Tensor NormalTensor(at::IntArrayRef sizes, Rng& rng) {
  const at::Tensor values = at::empty(sizes, at::TensorOptions(at::kDouble));
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = rng.Normal();
  return values;
}

struct QReference {
  // Copies of the network's parameters, as leaves.
  explicit QReference(const QNetwork& network) : dueling(network.value.has_value()) {
    for (size_t i = 0; i < network.arena.layout().tensors().size(); ++i) {
      p.push_back(network.arena[i].to(at::kDouble).clone().set_requires_grad(true));
    }
  }
  at::Tensor Mlp(const at::Tensor& x, size_t first) const {
    const at::Tensor h1 = at::relu(at::linear(x, p[first], p[first + 1]));
    return at::linear(at::relu(at::linear(h1, p[first + 2], p[first + 3])), p[first + 4], p[first + 5]).view({-1});
  }
  // [B] of observation [B, U] and one action [B, F] each.
  at::Tensor Value(const at::Tensor& observation, const at::Tensor& action) const {
    const at::Tensor value = Mlp(at::cat({observation, action}, 1), 0);
    return dueling ? value + Mlp(observation, kMlpTensors) : value;
  }
  // [B, C] of observation [B, U] and actions [B, C, F].
  at::Tensor Values(const at::Tensor& observation, const at::Tensor& actions) const {
    const int64_t rows = actions.size(0), num_actions = actions.size(1);
    const at::Tensor repeated = observation.unsqueeze(1).expand({-1, num_actions, -1});
    return Value(repeated.reshape({rows * num_actions, -1}), actions.reshape({rows * num_actions, -1}))
        .view({rows, num_actions});
  }

  bool dueling;
  std::vector<at::Tensor> p;
};

}  // namespace recbots::testing
