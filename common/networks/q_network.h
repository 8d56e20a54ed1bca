// The network of the Q-learners: (user features, action features) -> Q / value_scale, where it is dueling as the sum of
// a network of both and one of the user alone (Wang et al. 2016, arXiv:1511.06581, without centring: nothing here needs
// the two parts apart).
//
// Letters: B rows, C actions per row, F action features. Functions throw c10::Error (torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "common/inference/q_shape.h"
#include "common/networks/critic.h"
#include "common/networks/parameter_arena.h"

namespace recbots {

struct QNetwork {
  QNetwork() = default;
  // All zero, in an arena of its own: QTensors(shape).
  QNetwork(const QShape& shape, at::ScalarType dtype);
  // Over an arena of QTensors(shape).
  QNetwork(const QShape& shape, const ParameterArena& tensors);

  // InitializeMlp on both parts.
  void Initialize(uint64_t seed);

  ParameterArena arena;
  HiddenLayers hidden;
  Critic action;
  std::optional<Mlp> value;
};

// Tensors that the passes keep from call to call.
struct QPass {
  QPass() = default;
  explicit QPass(at::ScalarType dtype);

  at::Tensor state;  // [B, H]
  MlpActivations action, value;
  at::Tensor q;  // [B, C], or [B, 1] after RunQ: what the network says, not yet times value_scale
};

// q [B, C] of `actions` [B * C, F].
void RunQOnCandidates(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions, QPass& pass);
// q [B, 1] of one action [B, F] each.
void RunQ(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions, QPass& pass);
// After RunQ: overwrites the gradients from d_q [B, 1]; `ones` is [B].
void QGradients(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions,
                const at::Tensor& d_q, const at::Tensor& ones, QPass& pass, QNetwork& gradients);

}  // namespace recbots
