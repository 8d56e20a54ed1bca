#include "actor/recsim/catalogue_of.h"

#include <utility>

#include "common/rl/step_buffer.h"

namespace recbots {

std::shared_ptr<const Catalogue> CatalogueOf(const Scenario& scenario) {
  const EnvironmentSpec& spec = scenario.spec();
  if (!HoldsCatalogue(spec)) return nullptr;
  StepBuffer first(spec, spec.users_per_session);
  first.Reset(*scenario.MakeEnvironment(spec.users_per_session, /*first_stream=*/0));
  // Every user of the session is offered the same.
  std::vector<float> features = std::move(first.candidates);
  features.resize(features.size() / static_cast<size_t>(spec.users_per_session));
  return std::make_shared<const Catalogue>(std::move(features), spec.num_candidate_features);
}

}  // namespace recbots
