// A policy whose parameters come from the learner and change while it acts.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/policies/policy.h"

namespace recbots {

class NetworkPolicy : public Policy {
 public:
  // What it learns comes from the learner.
  FeedbackNeeds feedback_needs() const final { return FeedbackNeeds::None(); }

  // Takes over encoded weights (weights.h). Call between two Act.
  //   INVALID_ARGUMENT  not an encoding, or tensors whose names or shapes do not fit; the old ones stay
  virtual absl::Status SetWeights(absl::string_view encoded) = 0;

  // Share of steps that follow the networks, 0..1; the rest draw one of the N candidates uniformly. 1 is greedy: no
  // random candidates either. Before the first SetWeights every step is random.
  virtual void SetPolicyShare(double share) = 0;
};

}  // namespace recbots
