#include "common/inference/network_config.h"

namespace recbots {

HiddenLayers MakeHiddenLayers(const v1::NetworkConfig& config, const std::vector<int>& units) {
  HiddenLayers hidden = {units, static_cast<Activation>(config.activation()), config.layer_norm()};
  if (!config.hidden_layers().empty())
    hidden.units.assign(config.hidden_layers().begin(), config.hidden_layers().end());
  return hidden;
}

ValueHead MakeValueHead(const v1::QLearningConfig& config) {
  return {static_cast<ValueHead::Kind>(config.value_head()), config.value_atoms(), config.value_range()};
}

QShape MakeQShape(const v1::QLearningConfig& config, int num_user_features, int num_action_features, bool with_none,
                  const v1::NetworkConfig& network) {
  QShape shape = {.action = {.num_user_features = num_user_features,
                             .num_item_features = num_action_features,
                             .with_none = with_none},
                  .dueling = config.dueling(),
                  .value_scale = config.value_scale()};
  shape.action.head = MakeValueHead(config);
  shape.action.SetHidden(MakeHiddenLayers(network, {config.hidden_units(), config.second_hidden_units()}));
  return shape;
}

TransitionOptions QTransitions(const v1::QLearningConfig& config, bool next_slate) {
  return {.discount = config.discount(), .n_step = config.n_step(), .next_slate = next_slate};
}

NetworkLoad QLoad(const v1::QLearningConfig& config, const v1::NetworkConfig& network, const std::string& setting,
                  const EnvironmentSpec& spec, double num_actions, double action_size, const std::string& action) {
  const HiddenLayers hidden = MakeHiddenLayers(network, {config.hidden_units(), config.second_hidden_units()});
  const HiddenLoad load(hidden);
  const ValueHead head = MakeValueHead(config);
  return {.setting = network.hidden_layers().empty() ? setting : kFirstHiddenLayer,
          .units = load.first,
          .parameters_per_unit = spec.num_user_features + action_size + load.between / load.first,
          .rows = num_actions,
          .inputs = action_size,
          .hidden = load.units + (head.scalar() ? 0 : head.atoms),
          .action = action};
}

}  // namespace recbots
