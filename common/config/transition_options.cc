#include "common/config/transition_options.h"

namespace recbots {
namespace {

TransitionOptions Of(const v1::QLearningConfig& q, bool next_slate) {
  return {.discount = q.discount(), .n_step = q.n_step(), .next_slate = next_slate};
}

}  // namespace

TransitionOptions TransitionOptionsOf(const v1::AlgorithmConfig& algorithm) {
  switch (algorithm.algorithm_case()) {
    case v1::AlgorithmConfig::kWolpertinger:
      return {.discount = algorithm.wolpertinger().discount()};
    case v1::AlgorithmConfig::kSlateQ:
      return Of(algorithm.slate_q().q(), algorithm.slate_q().target() == v1::SlateQConfig::SARSA);
    case v1::AlgorithmConfig::kFullSlateQ:
      return Of(algorithm.full_slate_q().q(), /*next_slate=*/false);
    case v1::AlgorithmConfig::kDqn:
      return Of(algorithm.dqn().q(), /*next_slate=*/false);
    case v1::AlgorithmConfig::ALGORITHM_NOT_SET:
      break;
  }
  return {};
}

}  // namespace recbots
