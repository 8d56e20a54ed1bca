#include "common/config/update_work.h"

#include "common/algorithms/algorithm_list.h"

namespace recbots {

NetworkLoad LoadOf(const v1::AlgorithmConfig& config, const EnvironmentSpec& spec) {
  const auto load = OfChosen(config, [](auto row) { return row.Load; });
  return load == nullptr ? NetworkLoad() : load(config, spec);
}

double MultiplyAddsOfAnUpdate(const v1::ExperimentConfig& config, const EnvironmentSpec& spec) {
  const NetworkLoad network = LoadOf(config.algorithm(), spec);
  const double parameters = network.units * network.parameters_per_unit;
  return 2 * config.learner().batch_size() * (network.rows + 1) * parameters;
}

}  // namespace recbots
