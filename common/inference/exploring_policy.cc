#include "common/inference/exploring_policy.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {

ExploringPolicy::ExploringPolicy(std::unique_ptr<GreedyNetworkPolicy> network, uint64_t seed, int num_candidates,
                                 int slate_size)
    : network_(*network), policy_(std::move(network), /*epsilon=*/1, seed, num_candidates, slate_size) {}

absl::Status ExploringPolicy::SetWeights(absl::string_view encoded) {
  RECBOTS_RETURN_IF_ERROR(network_.SetWeights(encoded));
  has_weights_ = true;
  policy_.SetEpsilon(1 - share_);
  return absl::OkStatus();
}

void ExploringPolicy::SetPolicyShare(double share) {
  RECBOTS_CHECK(share >= 0 && share <= 1) << "policy share " << share << ", want 0..1";
  share_ = share;
  if (has_weights_) policy_.SetEpsilon(1 - share);
}

}  // namespace recbots
