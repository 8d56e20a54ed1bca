#include "common/algorithms/wolpertinger/row.h"

#include "absl/strings/str_cat.h"
#include "common/algorithms/wolpertinger/policy.h"
#include "common/algorithms/wolpertinger/shape_config.h"
#include "common/base/status_macros.h"
#include "common/inference/network_config.h"

namespace recbots {

TransitionOptions WolpertingerRow::Transitions(const v1::AlgorithmConfig& algorithm) {
  return {.discount = algorithm.wolpertinger().discount(), .n_step = algorithm.wolpertinger().n_step()};
}

absl::Status WolpertingerRow::Check(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec) {
  const v1::WolpertingerConfig& config = algorithm.wolpertinger();
  const int items = spec.num_candidates;
  const auto refuse = [items, &spec](absl::string_view field, int value) {
    return absl::InvalidArgumentError(absl::StrCat("algorithm.wolpertinger.", field, " ", value, ", want at most ",
                                                   items, " (candidates of ", spec.name, ")"));
  };
  if (config.k() > items) return refuse("k", config.k());
  if (config.random_candidates() > items) return refuse("random_candidates", config.random_candidates());
  return absl::OkStatus();
}

NetworkLoad WolpertingerRow::Load(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec) {
  const v1::WolpertingerConfig& config = algorithm.wolpertinger();
  const v1::NetworkConfig& network = algorithm.network();
  const HiddenLoad load(MakeHiddenLayers(network, {config.hidden_units(), config.hidden_units()}));
  return {.setting = network.hidden_layers().empty() ? "algorithm.wolpertinger.hidden_units" : kFirstHiddenLayer,
          .units = load.first,
          .parameters_per_unit = 2.0 * (spec.num_user_features + load.between / load.first) + config.embedding_size(),
          .rows = static_cast<double>(config.k() + config.random_candidates()),
          .inputs = static_cast<double>(config.embedding_size()),
          .hidden = load.units,
          .action = "candidates"};
}

PolicyOr WolpertingerRow::MakePolicy(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec, int max_users,
                                     uint64_t seed) {
  RECBOTS_ASSIGN_OR_RETURN(const WolpertingerShape shape,
                           MakeShape(algorithm.wolpertinger(), spec, algorithm.network()));
  return WolpertingerPolicy::Create({.shape = shape, .max_users = max_users, .seed = seed});
}

}  // namespace recbots
