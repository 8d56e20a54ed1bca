// One bandit arm per cluster of candidates.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/agents/click_bandit.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// Makes a click bandit whose arms are the C clusters, each with its best candidates (GreedyClusterAgent). The policy
// counts impressions and clicks of each user's episode itself (SufficientStatistics over ClusterClickStatistics), and
// forgets a user when the episode ends.
//   INVALID_ARGUMENT  there are fewer than two clusters, the response field "click" or "cluster_id" is missing, or an
//                     option of the bandit is out of bounds
absl::StatusOr<std::unique_ptr<Policy>> MakeClusterBandit(const ClickBanditOptions& options, uint64_t seed,
                                                          const EnvironmentSpec& spec);

}  // namespace recbots
