#include "actor/simulate/policy_choice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace recbots {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> ReferenceNames(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const ReferencePolicy& reference : scenario.MakeReferencePolicies()) names.push_back(reference.name);
  return names;
}

absl::StatusOr<PolicyChoice> ChoosePolicy(const Scenario& scenario, const AgentCatalogue& agents,
                                          const std::string& name) {
  const std::vector<std::string> references = ReferenceNames(scenario);
  const auto found = std::find(references.begin(), references.end(), name);
  if (found != references.end()) {
    const auto index = static_cast<size_t>(found - references.begin());
    return PolicyChoice{true, [&scenario, index]() -> absl::StatusOr<std::unique_ptr<Policy>> {
                          return std::move(scenario.MakeReferencePolicies()[index].policy);
                        }};
  }
  if (Contains(agents.names, name)) return PolicyChoice{false, [&agents, name] { return agents.make(name); }};
  return absl::InvalidArgumentError(absl::StrCat(
      "policy '", name, "', want a reference of ", scenario.spec().name, " (", absl::StrJoin(references, ", "), ")",
      agents.names.empty() ? "" : absl::StrCat(" or an agent (", absl::StrJoin(agents.names, ", "), ")")));
}

}  // namespace recbots
