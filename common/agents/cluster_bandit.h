// One bandit arm per cluster of candidates.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "common/agents/click_bandit.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// A click bandit whose arms are the C clusters, each with its best candidates (GreedyClusterAgent), which counts
// impressions and clicks of each user's episode itself (SufficientStatistics over ClusterClickStatistics). Forgets a
// user where its episode ends.
//   INVALID_ARGUMENT  fewer than two clusters, no response field "click" or "cluster_id", or a bandit option out of
//                     bounds
absl::StatusOr<std::unique_ptr<Policy>> MakeClusterBandit(const ClickBanditOptions& options, uint64_t seed,
                                                          const EnvironmentSpec& spec);

}  // namespace recbots
