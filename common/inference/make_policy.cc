#include "common/inference/make_policy.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/inference/exploring_policy.h"
#include "common/inference/full_slate.h"
#include "common/inference/q_shape.h"
#include "common/inference/slate_q_policy.h"
#include "common/inference/wolpertinger_policy.h"

namespace recbots {
namespace {

std::unique_ptr<NetworkPolicy> Explore(std::unique_ptr<GreedyNetwork> network, const EnvironmentSpec& spec,
                                       uint64_t seed) {
  return std::make_unique<ExploringPolicy>(std::move(network), seed, spec.num_candidates, spec.slate_size);
}

}  // namespace

absl::StatusOr<std::unique_ptr<NetworkPolicy>> MakePolicy(const v1::AlgorithmConfig& config,
                                                          const EnvironmentSpec& spec, int max_users, uint64_t seed) {
  switch (config.algorithm_case()) {
    case v1::AlgorithmConfig::kWolpertinger: {
      RECBOTS_ASSIGN_OR_RETURN(const WolpertingerShape shape, MakeShape(config.wolpertinger(), spec));
      return WolpertingerPolicy::Create({.shape = shape, .max_users = max_users, .seed = seed});
    }
    case v1::AlgorithmConfig::kSlateQ: {
      RECBOTS_ASSIGN_OR_RETURN(const SlateQShape shape, MakeSlateQShape(config.slate_q(), spec));
      return Explore(std::make_unique<SlateQPolicy>(shape), spec, seed);
    }
    case v1::AlgorithmConfig::kFullSlateQ: {
      RECBOTS_ASSIGN_OR_RETURN(const FullSlateShape shape, MakeFullSlateShape(config.full_slate_q(), spec));
      return Explore(std::make_unique<FullSlatePolicy>(shape), spec, seed);
    }
    case v1::AlgorithmConfig::kDqn: {
      RECBOTS_ASSIGN_OR_RETURN(const FullSlateShape shape, MakeDqnShape(config.dqn(), spec));
      return Explore(std::make_unique<FullSlatePolicy>(shape), spec, seed);
    }
    case v1::AlgorithmConfig::ALGORITHM_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("algorithm: none chosen, want wolpertinger, slate_q, full_slate_q or dqn");
}

}  // namespace recbots
