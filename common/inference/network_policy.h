// A policy whose parameters come from the learner and change while it acts.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/policies/policy.h"

namespace recbots {

class NetworkPolicy : public Policy {
 public:
  // It needs no feedback, because all it learns comes from the learner.
  FeedbackNeeds feedback_needs() const final { return FeedbackNeeds::None(); }

  // Takes over encoded weights (weights.h). Call it between two calls of Act.
  //   INVALID_ARGUMENT  not an encoding, or the names or shapes of tensors do not fit; the old weights stay
  virtual absl::Status SetWeights(absl::string_view encoded) = 0;

  // Sets the share of steps that follow the network, 0..1. The other steps show a random slate, all slates being
  // equally likely. 1 is greedy. Before the first SetWeights every step is random.
  virtual void SetPolicyShare(double share) = 0;
};

}  // namespace recbots
