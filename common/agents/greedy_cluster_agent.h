// Shows the best candidates of one cluster.
#pragma once

#include <cstddef>

#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// Shows up to K candidates of one cluster in descending order of quality, of equals the lower position first; if
// qualities are not seen, in the order of positions. There may be none: environments do not accept such a slate, but
// AbstractClickBandit does. Always certain. O(N) per user, allocates nothing.
class GreedyClusterAgent final : public Policy {
 public:
  // 0 <= cluster < spec.num_clusters.
  GreedyClusterAgent(const EnvironmentSpec& spec, int cluster);

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  const size_t cluster_, num_candidates_, num_features_, slate_size_;
  const int quality_feature_;
};

}  // namespace recbots
