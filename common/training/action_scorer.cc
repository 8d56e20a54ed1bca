#include "common/training/action_scorer.h"

#include <algorithm>

namespace recbots {
namespace {

// Whether fewer than a quarter of the values are not 0.
bool IsSparse(const float* values, size_t size) {
  int others = 0;
  for (size_t i = 0; i < size; ++i) others += values[i] != 0 ? 1 : 0;
  return static_cast<size_t>(4 * others) < size;
}

}  // namespace

void ActionScorer::Load(const PackedMlp& mlp, const float* users, int num_users) {
  const size_t size = static_cast<size_t>(num_users) * static_cast<size_t>(mlp.user.padded_outputs());
  if (state_.size() < size) state_ = AlignedFloats(size);
  mlp.user.Apply(users, static_cast<size_t>(mlp.num_user_inputs), num_users, /*relu=*/false, state_.data());
}

void ActionScorer::Score(const PackedMlp& mlp, size_t user, const float* actions, int num_actions, float* values) {
  const int units = mlp.user.padded_outputs();
  const auto inputs = static_cast<size_t>(mlp.num_action_inputs()), count = static_cast<size_t>(num_actions);
  const size_t size = count * static_cast<size_t>(units);
  if (parts_.size() < size) parts_ = AlignedFloats(size);
  if (IsSparse(actions, count * inputs)) {
    mlp.action.ApplyToSparse(actions, inputs, num_actions, parts_.data());
  } else {
    mlp.action.Apply(actions, inputs, num_actions, /*relu=*/false, parts_.data());
  }
  const float* state = state_.data() + user * static_cast<size_t>(units);
  for (int i = 0; i < num_actions; ++i) {
    float* row = parts_.data() + static_cast<ptrdiff_t>(i) * units;
    AddRelu(state, row, units, row);
  }
  for (int i = 0; i < num_actions; i += DenseLayer::kHeadRows) {
    const int rows = std::min(DenseLayer::kHeadRows, num_actions - i);
    mlp.second.ApplyWithHead(parts_.data() + static_cast<ptrdiff_t>(i) * units, static_cast<size_t>(units), rows,
                             mlp.head.data(), values + i);
  }
  for (int i = 0; i < num_actions; ++i) values[i] += mlp.head_bias;
}

}  // namespace recbots
