#include "common/inference/make_policy.h"

#include "common/base/status_macros.h"
#include "common/inference/wolpertinger_policy.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<NetworkPolicy>> MakePolicy(const v1::AlgorithmConfig& config,
                                                          const EnvironmentSpec& spec, int max_users, uint64_t seed) {
  switch (config.algorithm_case()) {
    case v1::AlgorithmConfig::kWolpertinger: {
      RECBOTS_ASSIGN_OR_RETURN(const WolpertingerShape shape, MakeShape(config.wolpertinger(), spec));
      return WolpertingerPolicy::Create({.shape = shape, .max_users = max_users, .seed = seed});
    }
    case v1::AlgorithmConfig::ALGORITHM_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("algorithm: none chosen, want wolpertinger");
}

}  // namespace recbots
