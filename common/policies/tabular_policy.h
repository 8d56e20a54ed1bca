// Shows one fixed slate per state.
#pragma once

#include <cstdint>
#include <vector>

#include "common/policies/policy.h"

namespace recbots {

// For one-hot observations, float32 [S] with S states: in state s it always shows slates[s * K .. s * K + K - 1], so
// every item is at its position with probability 1.
class TabularPolicy final : public Policy {
 public:
  // slates: int32 [S, K], S >= 1, slate_size >= 1.
  TabularPolicy(std::vector<int32_t> slates, int slate_size);

  bool stationary() const override { return true; }
  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  // The state of an observation is its largest element, the first of equals.
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  const std::vector<int32_t> slates_;
  const size_t slate_size_;
  const size_t num_states_;
};

}  // namespace recbots
