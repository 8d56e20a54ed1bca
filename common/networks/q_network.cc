#include "common/networks/q_network.h"

#include <ATen/ops/add.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>

#include <vector>

#include "common/networks/initialize.h"
#include "common/networks/products.h"

namespace recbots {
namespace {

// The values of pass.outputs.
at::Tensor Means(const QNetwork& network, const at::Tensor& outputs) {
  if (network.head.kind == ValueHead::Kind::kQuantile) return outputs.mean(at::IntArrayRef{-1});
  return at::softmax(outputs, -1).matmul(network.bins);
}

// pass.q [B, C] from the passes' outputs.
void AddValue(const QNetwork& network, const at::Tensor& observation, int64_t rows, QPass& pass) {
  if (!network.head.scalar()) {
    pass.outputs = pass.action.output.view({rows, -1, network.head.atoms});
    if (network.value.has_value()) {
      ProductInto(pass.value.z1(), network.value->b1, observation, network.value->w1.t());
      Forward(*network.value, pass.value);
      pass.outputs = at::add(pass.outputs, pass.value.output.unsqueeze(1));
    }
    pass.q = Means(network, pass.outputs);
    return;
  }
  const at::Tensor output = pass.action.output.view({rows, -1});
  if (!network.value.has_value()) {
    pass.q = output;
    return;
  }
  ProductInto(pass.value.z1(), network.value->b1, observation, network.value->w1.t());
  Forward(*network.value, pass.value);
  at::add_out(pass.q, output, pass.value.output);
}

}  // namespace

QNetwork::QNetwork(const QShape& shape, at::ScalarType dtype)
    : QNetwork(shape, ParameterArena(ParameterLayout(QTensors(shape)), dtype)) {}

QNetwork::QNetwork(const QShape& shape, const ParameterArena& tensors)
    : arena(tensors),
      hidden(shape.action.hidden()),
      head(shape.action.head),
      action(arena, ActionNetwork(shape), shape.action.num_user_features, hidden) {
  if (shape.dueling) value.emplace(arena, ValueNetwork(shape), hidden);
  if (head.kind != ValueHead::Kind::kTwoHot) return;
  const std::vector<float> all = BinsOf(head);
  bins = at::tensor(all).to(arena.flat().options());
}

void QNetwork::Initialize(uint64_t seed) {
  InitializeMlp(arena, HeadName("q", head), seed, hidden);
  if (value.has_value()) InitializeMlp(arena, HeadName("v", head), seed, hidden);
}

QPass::QPass(const at::TensorOptions& options) : action(options), value(options) {
  for (at::Tensor* tensor : {&state, &q}) *tensor = at::empty({0}, options);
}

void RunQOnCandidates(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions, QPass& pass) {
  RunState(network.action, observation, pass.state);
  RunCriticOnCandidates(network.action, pass.state, actions, pass.action);
  AddValue(network, observation, observation.size(0), pass);
}

void RunQ(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions, QPass& pass) {
  RunState(network.action, observation, pass.state);
  RunCritic(network.action, pass.state, actions, pass.action);
  AddValue(network, observation, observation.size(0), pass);
}

void QGradients(const QNetwork& network, const at::Tensor& observation, const at::Tensor& actions,
                const at::Tensor& d_outputs, const at::Tensor& ones, QPass& pass, QNetwork& gradients) {
  CriticGradients(network.action, observation, actions, d_outputs, ones, pass.action, gradients.action);
  if (!network.value.has_value()) return;
  Backward(*network.value, d_outputs, pass.value);
  WeightGradients(d_outputs, pass.value, ones, *gradients.value);
  ProductInto(gradients.value->w1, pass.value.d_z1().t(), observation);
}

}  // namespace recbots
