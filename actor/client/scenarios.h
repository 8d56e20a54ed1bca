// The list of all scenarios. A new scenario is registered here; all other code finds it through the configuration.
#pragma once

#include "actor/scenarios/choc_kale/model.h"
#include "actor/scenarios/document_browsing/model.h"
#include "actor/scenarios/external/scenario.h"
#include "actor/scenarios/interest_evolution/model.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "actor/scenarios/known_q/model.h"
#include "actor/scenarios/long_term_satisfaction/model.h"

namespace recbots {

// A scenario: a Model (actor/recsim/model.h; but see ExternalModel), and the name of the member of EnvironmentConfig
// that chooses it and has its settings.
template <typename Model>
struct RegisteredScenario {
  const char* name;
};

// Calls f with the RegisteredScenario of each scenario.
template <typename F>
void ForEachScenario(F&& f) {
  f(RegisteredScenario<DocumentBrowsingModel>{"document_browsing"});
  f(RegisteredScenario<InterestEvolutionModel>{"interest_evolution"});
  f(RegisteredScenario<InterestExplorationModel>{"interest_exploration"});
  f(RegisteredScenario<LongTermSatisfactionModel>{"long_term_satisfaction"});
  f(RegisteredScenario<KnownQModel>{"known_q"});
  f(RegisteredScenario<ChocKaleModel>{"choc_kale"});
  f(RegisteredScenario<ExternalModel>{"external"});
}

}  // namespace recbots
