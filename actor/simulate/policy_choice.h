// Finds a policy by its name: the scenario's references, then agents.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "actor/simulate/simulate.h"

namespace recbots {

// Policies that are not the scenario's own.
struct AgentCatalogue {
  std::vector<std::string> names;
  std::function<absl::StatusOr<std::unique_ptr<Policy>>(const std::string& name)> make;
};

struct PolicyChoice {
  bool is_reference = false;  // True: a reference policy of the scenario; false: an agent.
  PolicyFactory make;
};

// `scenario` and `agents` must outlive the choice. If both have the name, the scenario's policy is chosen.
//   INVALID_ARGUMENT  there is no such policy; the message lists all names
absl::StatusOr<PolicyChoice> ChoosePolicy(const Scenario& scenario, const AgentCatalogue& agents,
                                          const std::string& name);

// The names of the scenario's reference policies: "random" first, the best one last.
std::vector<std::string> ReferenceNames(const Scenario& scenario);

}  // namespace recbots
