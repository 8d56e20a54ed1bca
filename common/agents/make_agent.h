// Agents without a network, by name.
//
// clang-format off
//   random         uniformly random slates
//   ucb1, kl_ucb,  cluster bandits (cluster_bandit.h): need clusters, and the response fields click and cluster_id
//   thompson         optimism_scaling (1), ties (random | lower_arm | higher_arm), legacy_first_step (false)
//   kl_ucb_legacy  kl_ucb with RecSim's bound, which is wrong; for comparisons only
//   ucb_glm,       contextual bandits (bandits/glm_policy.h): need candidate features, and the response field click
//   glm_ts           the fields of GlmPolicyOptions
//   tabular_q      tabular Q-learning (tabular_q_policy.h): needs few candidates and short slates; learns from one user
//                  for all others, so its results depend on the batch
//                    the fields of TabularQOptions
//
// Settings of all agents:
//   epsilon (0)             0..1: how often the agent shows a random slate instead (epsilon_policy.h). Not for ucb_glm
//                           and glm_ts, which learn from their own slates only
//   aggregation_period (1)  decides once in this many steps (layers/temporal_aggregation.h); tabular_q still discounts
//                           with gamma per step
//   switching_cost (0)      what a decision that changes the slate costs the agent
// clang-format on
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/agents/agent_settings.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

struct AgentOptions {
  uint64_t seed = 1;  // Seed of the agent's draws.
  AgentSettings settings;
};

// All names, sorted.
std::vector<std::string> AgentNames();

// The settings that put a layer around an agent, in the order above. All agents have them.
std::vector<std::string> AgentLayerSettingNames();

// The settings of this agent, in the order above; empty if there is no such agent.
std::vector<std::string> AgentSettingNames(absl::string_view name);

// Sets "key=value"; an earlier value of this key is replaced.
//   INVALID_ARGUMENT  there is no '=', no agent has the key, or the value is of the wrong kind; nothing was changed
absl::Status SetAgentOption(AgentOptions& options, absl::string_view key_value);

// Makes the agent for environments of this spec, with any number of users.
//   INVALID_ARGUMENT  there is no such agent (the message lists all names), the environment lacks what the agent needs,
//                     the agent does not have a setting, or a value is out of bounds. The message begins with the
//                     agent's name
absl::StatusOr<std::unique_ptr<Policy>> MakeAgent(absl::string_view name, const EnvironmentSpec& spec,
                                                  const AgentOptions& options);

}  // namespace recbots
