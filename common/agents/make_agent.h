// Agents without a network, by name.
//
//   random         uniformly random slates
//   ucb1, kl_ucb,  cluster bandits (cluster_bandit.h): need clusters, and the response fields click and cluster_id
//   thompson         optimism_scaling (1), ties (random | lower_arm | higher_arm), legacy_first_step (false)
//   kl_ucb_legacy  the same with the bound as RecSim has it, which is wrong; for comparisons only
//   ucb_glm,       contextual bandits (bandits/glm_policy.h): need candidate features, and the response field click
//   glm_ts           the fields of GlmPolicyOptions
//   tabular_q      tabular Q-learning (tabular_q_policy.h): needs few candidates and short slates; learns from one user
//                  for all others, so its results depend on the batch
//                    the fields of TabularQOptions
//
// Settings of all of them:
//   epsilon (0)             0..1: how often it shows a random slate instead (epsilon_policy.h). Not for ucb_glm and
//   glm_ts, which
//                           learn from their own slates only
//   aggregation_period (1)  decides once in this many steps (layers/temporal_aggregation.h); tabular_q discounts with
//   its
//                           gamma per step all the same
//   switching_cost (0)      what a decision that changes the slate costs the agent
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
  uint64_t seed = 1;  // Of its draws.
  AgentSettings settings;
};

// All names, sorted.
std::vector<std::string> AgentNames();

// The settings that put a layer around an agent, in the order above: those that all agents have.
std::vector<std::string> AgentLayerSettingNames();

// The settings that this agent has, in the order above; empty where there is no such agent.
std::vector<std::string> AgentSettingNames(absl::string_view name);

// Takes in "key=value"; what was set before under this key is replaced.
//   INVALID_ARGUMENT  no '=', a key that no agent has, or a value of the wrong kind; nothing was changed
absl::Status SetAgentOption(AgentOptions& options, absl::string_view key_value);

// Makes the agent for environments of this spec. For any number of users.
//   INVALID_ARGUMENT  no such agent (all names are listed), an environment without what the agent needs, a setting that
//                     it has not, or a value out of bounds. The message begins with the agent's name
absl::StatusOr<std::unique_ptr<Policy>> MakeAgent(absl::string_view name, const EnvironmentSpec& spec,
                                                  const AgentOptions& options);

}  // namespace recbots
