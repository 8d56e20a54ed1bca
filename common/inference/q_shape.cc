#include "common/inference/q_shape.h"

#include <utility>

namespace recbots {

QShape MakeQShape(const v1::QLearningConfig& config, int num_user_features, int num_action_features, bool with_none) {
  return {.action = {.num_user_features = num_user_features,
                     .num_item_features = num_action_features,
                     .with_none = with_none,
                     .hidden1 = config.hidden_units(),
                     .hidden2 = config.second_hidden_units()},
          .dueling = config.dueling(),
          .value_scale = config.value_scale()};
}

std::vector<TensorSpec> QTensors(const QShape& shape) {
  std::vector<TensorSpec> tensors = MlpTensors(kActionNetwork, shape.action.mlp());
  if (shape.dueling) {
    const MlpSizes value = {shape.action.num_user_features, shape.action.hidden1, shape.action.hidden2, 1};
    for (TensorSpec& tensor : MlpTensors(kValueNetwork, value)) tensors.push_back(std::move(tensor));
  }
  return tensors;
}

TransitionOptions QTransitions(const v1::QLearningConfig& config, bool next_slate) {
  return {.discount = config.discount(), .n_step = config.n_step(), .next_slate = next_slate};
}

NetworkLoad QLoad(const v1::QLearningConfig& config, const std::string& setting, const EnvironmentSpec& spec,
                  double num_actions, double action_size, const std::string& action) {
  const double first = config.hidden_units();
  const double second = config.second_hidden_units();
  return {.setting = setting,
          .units = first,
          .parameters_per_unit = spec.num_user_features + action_size + second,
          .rows = num_actions,
          .inputs = action_size,
          .hidden = first + second,
          .action = action};
}

}  // namespace recbots
