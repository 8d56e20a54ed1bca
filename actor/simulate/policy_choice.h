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
  bool is_reference = false;  // One of the scenario's; an agent otherwise.
  PolicyFactory make;
};

// `scenario` and `agents` must outlive the choice. A name that both have is the scenario's.
//   INVALID_ARGUMENT  no such policy; names all there are
absl::StatusOr<PolicyChoice> ChoosePolicy(const Scenario& scenario, const AgentCatalogue& agents,
                                          const std::string& name);

// Names of the scenario's references, "random" first, the best last.
std::vector<std::string> ReferenceNames(const Scenario& scenario);

}  // namespace recbots
