#include "deploy/python/sim/acting.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/fill_options.h"
#include "common/agents/make_agent.h"
#include "common/algorithms/trained_policy.h"
#include "common/base/status_macros.h"

namespace recbots {

std::vector<std::string> PolicyNames(const Scenario& scenario) {
  std::vector<std::string> names;
  for (const ReferencePolicy& reference : scenario.MakeReferencePolicies()) names.push_back(reference.name);
  for (std::string& name : AgentNames()) names.push_back(std::move(name));
  return names;
}

absl::StatusOr<std::unique_ptr<Policy>> MakeNamedPolicy(const Simulation& simulation, const Scenario& scenario,
                                                        const std::string& name, uint64_t seed) {
  for (ReferencePolicy& reference : scenario.MakeReferencePolicies()) {
    if (reference.name == name) return std::move(reference.policy);
  }
  for (const std::string& agent : AgentNames()) {
    if (agent != name) continue;
    AgentOptions options;
    FillOptions(simulation.config().agents(), options);
    return MakeAgent(name, scenario.spec(), options, seed);
  }
  return absl::InvalidArgumentError(absl::StrCat("policy '", name, "', want one of ", scenario.spec().name, ": ",
                                                 absl::StrJoin(PolicyNames(scenario), ", ")));
}

absl::StatusOr<std::unique_ptr<Policy>> MakeLearntPolicy(const Simulation& run, const Simulation& simulation,
                                                         absl::string_view encoded, int max_users,
                                                         bool any_experiment) {
  if (!any_experiment) {
    RECBOTS_ASSIGN_OR_RETURN(const v1::ExperimentIdentity identity,
                             ExperimentIdentityOf(simulation.config(), *simulation.scenario()));
    std::string warning;  // Of weights from the wire, which do not say what they are for.
    RECBOTS_RETURN_IF_ERROR(CheckTrainedFor(encoded, identity, &warning));
  }
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy,
                           MakeTrainedPolicy(run.config().algorithm(), simulation.spec(), max_users, encoded));
  return policy;
}

}  // namespace recbots
