// A deterministic policy whose parameters come from the learner, without exploration (exploring_policy.h adds it).
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/policies/policy.h"

namespace recbots {

// behaviour_probability is 1 for every slate. Before the first SetWeights the first K candidates are shown.
class GreedyNetworkPolicy : public Policy {
 public:
  bool stationary() const final { return true; }
  FeedbackNeeds feedback_needs() const final { return FeedbackNeeds::None(); }

  // As NetworkPolicy::SetWeights.
  virtual absl::Status SetWeights(absl::string_view encoded) = 0;
};

}  // namespace recbots
