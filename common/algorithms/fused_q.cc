#include "common/algorithms/fused_q.h"

#include <algorithm>

namespace recbots {
namespace {

size_t Padded(int n) { return static_cast<size_t>(PaddedSize(n)); }

}  // namespace

FusedQ::FusedQ(const QShape& shape, const QMemory& online, const QMemory& target, const QMemory& gradients)
    : shape_(shape), memory_{online, target}, gradients_(gradients) {
  const ItemNetworkSizes& sizes = shape.action;
  for (Network& network : networks_) {
    network.action = PackedMlp(sizes.mlp().sizes(), sizes.num_user_features);
    if (!shape.dueling) continue;
    network.value = PackedMlp({sizes.num_user_features, sizes.hidden1, sizes.hidden2, 1}, sizes.num_user_features);
  }
}

void FusedQ::Pack(Network& network, const QMemory& memory) const {
  network.action.Pack(memory.action);
  if (shape_.dueling) network.value.Pack(memory.value);
}

void FusedQ::RunValue(const PackedMlp& mlp, const DenseRows& users, MlpRows& pass, float* values) const {
  pass.Resize(mlp.sizes, users.count);
  mlp.user.Apply(users.data, users.stride, users.count, /*relu=*/true, pass.hidden1.data());
  ForwardToValues(mlp, pass, values);
}

void FusedQ::Load(QSide side, const float* users, int num_users, bool user_value) {
  Network& network = networks_[static_cast<size_t>(side)];
  Pack(network, memory_[static_cast<size_t>(side)]);
  network.scorer.Load(network.action, users, num_users);
  network.user_values.assign(static_cast<size_t>(num_users), 0.0f);
  if (!shape_.dueling || !user_value) return;
  const auto width = static_cast<size_t>(shape_.action.num_user_features);
  RunValue(network.value, {users, width, num_users}, value_pass_, network.user_values.data());
}

void FusedQ::Score(QSide side, size_t user, const float* actions, int num_actions, float* values) {
  Network& network = networks_[static_cast<size_t>(side)];
  network.scorer.Score(network.action, user, actions, num_actions, values);
  const auto scale = static_cast<float>(shape_.value_scale);
  for (int i = 0; i < num_actions; ++i) values[i] = (values[i] + network.user_values[user]) * scale;
}

absl::Span<const float> FusedQ::Forward(const float* users, const float* actions, int rows) {
  Network& network = networks_[0];
  const PackedMlp& mlp = network.action;
  Pack(network, memory_[0]);
  const auto num_users = static_cast<size_t>(mlp.num_user_inputs);
  const auto num_actions = static_cast<size_t>(mlp.num_action_inputs());
  const size_t width = Padded(mlp.sizes.inputs), count = static_cast<size_t>(rows);
  if (inputs_.size() < count * width) inputs_ = AlignedFloats(count * width);
  if (state_.size() < count * Padded(mlp.sizes.hidden1)) state_ = AlignedFloats(count * Padded(mlp.sizes.hidden1));
  q_.resize(count);
  values_.assign(count, 0.0f);
  for (size_t row = 0; row < count; ++row) {
    float* input = inputs_.data() + row * width;
    std::copy_n(users + row * num_users, num_users, input);
    std::copy_n(actions + row * num_actions, num_actions, input + num_users);
  }
  action_pass_.Resize(mlp.sizes, rows);
  mlp.user.Apply(inputs_.data(), width, rows, /*relu=*/false, state_.data());
  mlp.action.ApplyOnto(inputs_.data() + num_users, width, rows, state_.data(), action_pass_.hidden1.data());
  ForwardToValues(mlp, action_pass_, q_.data());
  if (shape_.dueling) RunValue(network.value, {inputs_.data(), width, rows}, value_pass_, values_.data());
  for (size_t row = 0; row < count; ++row) q_[row] += values_[row];
  return q_;
}

void FusedQ::Backward(absl::Span<const float> d_q) {
  Network& network = networks_[0];
  const int rows = static_cast<int>(d_q.size());
  const DenseRows outputs = {d_q.data(), 1, rows};
  const DenseRows inputs = {inputs_.data(), Padded(network.action.sizes.inputs), rows};
  network.action.PackBackward(memory_[0].action);
  BackwardFromValues(network.action, d_q.data(), action_pass_);
  MlpGradients(action_pass_, outputs, inputs, gradients_.action);
  if (!shape_.dueling) return;
  network.value.PackBackward(memory_[0].value);
  BackwardFromValues(network.value, d_q.data(), value_pass_);
  MlpGradients(value_pass_, outputs, inputs, gradients_.value);
}

}  // namespace recbots
