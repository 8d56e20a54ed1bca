// Agents without a network, by name.
//
// clang-format off
//   random         uniformly random slates
//   ucb1, kl_ucb,  cluster bandits (cluster_bandit.h): need clusters, and the response fields click and cluster_id;
//   thompson         settings cluster_bandit
//   kl_ucb_legacy  kl_ucb with RecSim's bound, which is wrong; for comparisons only
//   ucb_glm,       contextual bandits (bandits/glm_policy.h): need candidate features, and the response field click;
//   glm_ts           settings glm
//   tabular_q      tabular Q-learning (tabular_q_policy.h): needs few candidates and short slates; learns from one user
//                    for all others, so its results depend on the batch; settings tabular_q
// clang-format on
//
// agent_options.h has all settings. Every agent also has the settings `layers`, which put layers around it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/agents/agent_options.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// All names, sorted.
std::vector<std::string> AgentNames();

// The settings that this agent has, by their paths in AgentOptions: "tabular_q.gamma", "layers.epsilon"; empty if there
// is no such agent.
std::vector<std::string> AgentSettingNames(absl::string_view name);

// Makes the agent for environments of this spec, with any number of users. It ignores settings that it does not have.
// `seed` is the seed of the agent's draws.
//   INVALID_ARGUMENT  there is no such agent (the message lists all names), the environment lacks what the agent needs,
//                     or a setting is out of bounds. The message begins with the agent's name
absl::StatusOr<std::unique_ptr<Policy>> MakeAgent(absl::string_view name, const EnvironmentSpec& spec,
                                                  const AgentOptions& options, uint64_t seed);

}  // namespace recbots
