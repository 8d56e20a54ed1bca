#include "common/agents/cluster_bandit.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/agents/greedy_cluster_agent.h"
#include "common/agents/layers/cluster_click_statistics.h"
#include "common/agents/layers/sufficient_statistics.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<Policy>> MakeClusterBandit(const ClickBanditOptions& options, uint64_t seed,
                                                          const EnvironmentSpec& spec) {
  if (spec.num_clusters < 2) {
    return absl::InvalidArgumentError(
        absl::StrCat("num_clusters ", spec.num_clusters, " of ", spec.name, ", want at least 2 for a cluster bandit"));
  }
  RECBOTS_ASSIGN_OR_RETURN(auto statistics, ClusterClickStatistics::Create(spec));
  std::vector<std::unique_ptr<Policy>> arms;
  for (int cluster = 0; cluster < spec.num_clusters; ++cluster) {
    arms.push_back(std::make_unique<GreedyClusterAgent>(spec, cluster));
  }
  RECBOTS_ASSIGN_OR_RETURN(
      auto bandit,
      AbstractClickBandit::Create(options, seed, SufficientStatistics::InnerSpec(spec, *statistics), std::move(arms)));
  return std::make_unique<SufficientStatistics>(spec, std::move(statistics), std::move(bandit));
}

}  // namespace recbots
