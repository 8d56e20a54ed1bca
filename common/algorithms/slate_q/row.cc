#include "common/algorithms/slate_q/row.h"

#include <algorithm>

#include "common/algorithms/slate_q/policy.h"
#include "common/algorithms/slate_q/shape_config.h"
#include "common/base/status_macros.h"
#include "common/inference/exploring_policy.h"
#include "common/inference/network_config.h"

namespace recbots {

TransitionOptions SlateQRow::Transitions(const v1::AlgorithmConfig& algorithm) {
  const v1::SlateQConfig& config = algorithm.slate_q();
  return QTransitions(config.q(), /*next_slate=*/config.target() == v1::SlateQConfig::SARSA);
}

NetworkLoad SlateQRow::Load(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec) {
  const v1::SlateQConfig& config = algorithm.slate_q();
  int considered = spec.num_candidates;
  if (config.has_proposal()) {
    considered = std::min(config.proposal().k() + config.proposal().random_candidates(), considered);
  }
  return QLoad(config.q(), algorithm.network(), "algorithm.slate_q.q.hidden_units", spec, considered,
               NumItemFeatures(spec), "candidates");
}

PolicyOr SlateQRow::MakePolicy(const v1::AlgorithmConfig& algorithm, const EnvironmentSpec& spec, int /*max_users*/,
                               uint64_t seed) {
  RECBOTS_ASSIGN_OR_RETURN(const SlateQShape shape, MakeSlateQShape(algorithm.slate_q(), spec, algorithm.network()));
  return std::make_unique<ExploringPolicy>(std::make_unique<SlateQPolicy>(shape), seed, spec.num_candidates,
                                           spec.slate_size);
}

}  // namespace recbots
