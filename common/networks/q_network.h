// The network of the Q-learners: (user features, action features) -> Q / value_scale, as a number, quantiles or bins
// (common/inference/value_head.h). Where it is dueling, its outputs are the sum of those of a network of both and of
// one of the user alone (Wang et al. 2016, arXiv:1511.06581, without centring: nothing here needs the two parts apart).
//
// Letters: B rows, C actions per row, F action features, T outputs per action. Functions throw c10::Error
// (torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

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

  // InitializeMlp on both parts, which begin alike whatever the head.
  void Initialize(uint64_t seed);

  ParameterArena arena;
  HiddenLayers hidden;
  ValueHead head;
  at::Tensor bins;  // [T], of kTwoHot.
  Critic action;
  std::optional<Mlp> value;
};

// Tensors that the passes keep from call to call.
struct QPass {
  QPass() = default;
  // Of the network's type of numbers, on its device.
  explicit QPass(const at::TensorOptions& options);

  at::Tensor state;  // [B, H]
  MlpActivations action, value;
  // What the network says, not yet times value_scale; C = 1 after RunQ.
  at::Tensor outputs;  // [B, C, T]; not filled where the head is a number.
  at::Tensor q;        // [B, C]: the values
};

// q [B, C] of `actions` [B * C, F].
void RunQOnCandidates(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions, QPass& pass);
// q [B, 1] of one action [B, F] each.
void RunQ(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions, QPass& pass);
// After RunQ: overwrites the gradients from those with respect to the outputs, [B, T]; `ones` is [B].
void QGradients(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions,
                const at::Tensor& d_outputs, const at::Tensor& ones, QPass& pass, QNetwork& gradients);

}  // namespace recbots
