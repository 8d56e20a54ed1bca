#include "common/training/packed_mlp.h"

#include <algorithm>

#include "common/inference/lanes.h"
#include "common/training/weight_gradient.h"

namespace recbots {
namespace {

size_t Padded(int columns) { return static_cast<size_t>(PaddedSize(columns)); }
absl::Span<const float> Row(const float* begin, int size) { return {begin, static_cast<size_t>(size)}; }

}  // namespace

PackedMlp::PackedMlp(const MlpSizes& of, int num_user)
    : sizes(of),
      num_user_inputs(num_user),
      user(of.hidden1, num_user),
      action(of.hidden1, of.inputs - num_user),
      second(of.hidden2, of.hidden1),
      third(of.outputs, of.hidden2),
      head(Padded(of.hidden2)),
      action_back(of.inputs - num_user, of.hidden1),
      second_back(of.hidden1, of.hidden2),
      third_back(of.hidden2, of.outputs) {}

void PackedMlp::Pack(const MlpMemory& memory) {
  const auto inputs = static_cast<size_t>(sizes.inputs);
  user.Pack(memory.w1, inputs, Row(memory.b1, sizes.hidden1));
  if (num_action_inputs() > 0) action.Pack(memory.w1 + num_user_inputs, inputs, {});
  second.Pack(memory.w2, static_cast<size_t>(sizes.hidden1), Row(memory.b2, sizes.hidden2));
  if (sizes.outputs == 1) {
    std::copy_n(memory.w3, sizes.hidden2, head.data());
    head_bias = *memory.b3;
  }
  third.Pack(memory.w3, static_cast<size_t>(sizes.hidden2), Row(memory.b3, sizes.outputs));
}

void PackedMlp::PackBackward(const MlpMemory& memory) {
  if (num_action_inputs() > 0) {
    action_back.PackTransposed(memory.w1 + num_user_inputs, static_cast<size_t>(sizes.inputs));
  }
  second_back.PackTransposed(memory.w2, static_cast<size_t>(sizes.hidden1));
  third_back.PackTransposed(memory.w3, static_cast<size_t>(sizes.hidden2));
}

void MlpRows::Resize(const MlpSizes& of, int num_rows) {
  rows = num_rows;
  sizes = of;
  const auto grow = [num_rows](AlignedFloats& values, int columns) {
    const size_t size = static_cast<size_t>(num_rows) * Padded(columns);
    if (values.size() < size) values = AlignedFloats(size);
  };
  grow(hidden1, of.hidden1);
  grow(hidden2, of.hidden2);
  grow(d_z1, of.hidden1);
  grow(d_z2, of.hidden2);
}

DenseRows MlpRows::View(const AlignedFloats& values, int columns) const {
  return {values.data(), Padded(columns), rows};
}

void ForwardToValues(const PackedMlp& mlp, MlpRows& pass, float* values) {
  mlp.second.Apply(pass.hidden1.data(), Padded(mlp.sizes.hidden1), pass.rows, /*relu=*/true, pass.hidden2.data());
  MultiplyHead(pass.View(pass.hidden2, mlp.sizes.hidden2), mlp.head.data(), values);
  for (int row = 0; row < pass.rows; ++row) values[row] += mlp.head_bias;
}

void ForwardToOutputs(const PackedMlp& mlp, MlpRows& pass, float* outputs) {
  mlp.second.Apply(pass.hidden1.data(), Padded(mlp.sizes.hidden1), pass.rows, /*relu=*/true, pass.hidden2.data());
  mlp.third.Apply(pass.hidden2.data(), Padded(mlp.sizes.hidden2), pass.rows, /*relu=*/false, outputs);
}

void BackwardFromValues(const PackedMlp& mlp, const float* d_values, MlpRows& pass) {
  const size_t width = Padded(mlp.sizes.hidden2);
  for (int row = 0; row < pass.rows; ++row) {
    const Lanes d = Broadcast(d_values[row]);
    const float* hidden = pass.hidden2.data() + static_cast<size_t>(row) * width;
    float* d_z2 = pass.d_z2.data() + static_cast<size_t>(row) * width;
    for (size_t i = 0; i < width; i += kLanes) {
      StoreLanes(LoadLanes(hidden + i) > 0 ? d * LoadLanes(mlp.head.data() + i) : Lanes{}, d_z2 + i);
    }
  }
  mlp.second_back.ApplyWhere(pass.d_z2.data(), width, pass.rows, pass.hidden1.data(), pass.d_z1.data());
}

void BackwardFromOutputs(const PackedMlp& mlp, const float* d_outputs, MlpRows& pass) {
  mlp.third_back.ApplyWhere(d_outputs, Padded(mlp.sizes.outputs), pass.rows, pass.hidden2.data(), pass.d_z2.data());
  mlp.second_back.ApplyWhere(pass.d_z2.data(), Padded(mlp.sizes.hidden2), pass.rows, pass.hidden1.data(),
                             pass.d_z1.data());
}

void MlpGradients(const MlpRows& pass, const DenseRows& d_outputs, const DenseRows& x, const MlpMemory& gradients) {
  const MlpSizes& sizes = pass.sizes;
  const DenseRows d_z1 = pass.View(pass.d_z1, sizes.hidden1), d_z2 = pass.View(pass.d_z2, sizes.hidden2);
  WeightGradient(d_outputs, sizes.outputs, pass.View(pass.hidden2, sizes.hidden2), sizes.hidden2, gradients.w3);
  for (int output = 0; output < sizes.outputs; ++output) {
    float sum = 0;
    for (int row = 0; row < d_outputs.count; ++row)
      sum += d_outputs.data[static_cast<size_t>(row) * d_outputs.stride + static_cast<size_t>(output)];
    gradients.b3[output] = sum;
  }
  WeightGradient(d_z2, sizes.hidden2, pass.View(pass.hidden1, sizes.hidden1), sizes.hidden1, gradients.w2);
  BiasGradient(d_z2, sizes.hidden2, gradients.b2);
  WeightGradient(d_z1, sizes.hidden1, x, sizes.inputs, gradients.w1);
  BiasGradient(d_z1, sizes.hidden1, gradients.b1);
}

}  // namespace recbots
