#include "actor/scenarios/external/scenario.h"

#include <utility>

#include "actor/scenarios/external/environment.h"
#include "common/policies/random_policy.h"

namespace recbots {

ExternalScenario::ExternalScenario(const ExternalOptions& options, uint64_t seed,
                                   std::unique_ptr<ProgramLauncher> launcher, ExternalHooks hooks)
    : spec_(SpecOf(options.spec)),
      seed_(seed),
      pool_(std::make_shared<ProgramPool>(options, std::move(launcher), std::move(hooks))) {}

std::unique_ptr<Environment> ExternalScenario::MakeEnvironment(int num_users, uint32_t first_stream) const {
  return std::make_unique<ExternalEnvironment>(pool_, spec_, seed_, num_users, first_stream);
}

std::vector<ReferencePolicy> ExternalScenario::MakeReferencePolicies() const {
  std::vector<ReferencePolicy> policies;
  policies.push_back({"random", std::make_unique<RandomPolicy>(seed_, spec_.num_candidates, spec_.slate_size),
                      ReferencePolicy::Known::kRandomValue});
  return policies;
}

}  // namespace recbots
