// The greedy slates of a network, and sometimes a random one: the behaviour policy of epsilon-greedy learners.
#pragma once

#include <memory>

#include "common/inference/greedy_network_policy.h"
#include "common/inference/network_policy.h"
#include "common/policies/epsilon_policy.h"

namespace recbots {

// A random slate is any ordered slate of K distinct candidates. Probabilities are exact (epsilon_policy.h).
class ExploringPolicy final : public NetworkPolicy {
 public:
  // Shows random slates before the first SetWeights, and follows the network afterwards (policy share 1).
  ExploringPolicy(std::unique_ptr<GreedyNetworkPolicy> network, uint64_t seed, int num_candidates, int slate_size);

  absl::Status SetWeights(absl::string_view encoded) override;
  void SetPolicyShare(double share) override;
  bool stationary() const override { return policy_.stationary(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override { policy_.Act(input, output); }

 private:
  bool has_weights_ = false;
  double share_ = 1;
  GreedyNetworkPolicy& network_;
  EpsilonPolicy policy_;
};

}  // namespace recbots
