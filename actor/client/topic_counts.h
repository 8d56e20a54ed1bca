// Which topics a policy is offered, shows, and has clicked, counted over a few episodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "actor/client/policy_view.h"
#include "actor/recsim/scenario.h"
#include "common/base/stop.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// The topic of a candidate is its cluster, where candidates have clusters; where they have one feature, which of ten
// equal parts of 0..1 the feature lies in; otherwise the number of its largest feature.
std::vector<std::string> TopicNames(const EnvironmentSpec& spec);
// `features` [D], D at least 1.
size_t TopicOf(const EnvironmentSpec& spec, const float* features);

struct PlayedTopics {
  TopicShares shares;
  int64_t steps = 0;
  std::vector<float> observations;  // [n, U]: some of those that were met, at most 256
};

// Plays an episode of each of a few users on the evaluator's streams, and stops after 10,000 steps of all together.
// Scenarios without features of candidates have no topics: then only observations are kept.
//   CANCELLED         `stop`
//   INVALID_ARGUMENT  the policy showed a slate that the scenario refuses
absl::StatusOr<PlayedTopics> PlayForTopics(const Scenario& scenario, Policy& policy, const StopQuestion& stop);

}  // namespace recbots
