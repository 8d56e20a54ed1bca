// The experiment, and the policy to be played in it, that the command line asks for: what `recbots simulate` and
// `recbots evaluate` have in common.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/scenario.h"
#include "actor/simulate/policy_choice.h"
#include "common/agents/agent_options.h"
#include "common/base/command_line.h"
#include "common/base/stop.h"
#include "common/config/config.h"

namespace recbots {

// The policy of --weights.
inline constexpr char kTrained[] = "trained";

// Must stay where it is once something was read. Not thread-safe.
struct ExperimentPolicy {
  v1::ExperimentConfig config;
  std::unique_ptr<Scenario> scenario;
  AgentOptions agent_options;
  AgentCatalogue agents;
  std::string policy;         // As reports name it.
  bool is_reference = false;  // A reference policy of the scenario, or one around it.
  PolicyFactory make_policy;
  StopQuestion should_stop;  // Asked where an environment outside of this process is waited for.
};

// The flags policy, weights, softmax, set and those of CheckTrainedFor, which both commands have.
std::vector<FlagSpec> PolicyFlags();

// Reads the configuration (the first argument), --set and --seed, and makes the scenario and the agents.
//   INVALID_ARGUMENT and errors of LoadExperimentConfig: names flag and value
absl::Status ReadExperiment(const CommandLine& flags, ExperimentPolicy& out);

// Reads --policy, --weights and --softmax, and makes the policy once, so that a wrong setting is refused before
// anything starts. `users` play together.
//   INVALID_ARGUMENT  there is no such policy, or weights are missing, damaged or of another experiment
absl::Status ReadPolicy(const CommandLine& flags, int users, ExperimentPolicy& out);

// The references, and all agents with their settings or with the reason why they cannot play here.
std::string PolicyList(const ExperimentPolicy& experiment);

}  // namespace recbots
