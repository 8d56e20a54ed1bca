// Whole episodes of the known-Q environment against exact values; five standard errors of 20,000 episodes are about 0.4
// % of the optimum.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "actor/client/make_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/known_q/model.h"
#include "common/config/config.h"
#include "tests/support/rollout_statistics.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using testing::Sample;

void ExpectReferencesEarnTheirValues(std::unique_ptr<Scenario> scenario) {
  const auto references = scenario->MakeReferencePolicies();
  ASSERT_EQ(references.size(), 3u);
  for (const ReferencePolicy& reference : references) {
    SCOPED_TRACE(reference.name);
    const Sample returns = testing::PlayReturns(*scenario, *reference.policy, /*num_users=*/10000, 2).returns;
    double exact = 0;
    if (reference.name == "random") exact = scenario->RandomValue().value();
    if (reference.name == "optimal") exact = scenario->OptimalValue().value();
    if (reference.name == "myopic") {
      const std::vector<float> observation(scenario->AllObservations().begin(), scenario->AllObservations().end());
      const std::vector<StreamPosition> positions(kKnownQStates);
      std::vector<int32_t> slates(static_cast<size_t>(kKnownQStates * scenario->spec().slate_size));
      std::vector<float> probability(kKnownQStates);
      reference.policy->Act({.observation = observation, .positions = positions},
                            {.slates = absl::MakeSpan(slates), .behaviour_probability = absl::MakeSpan(probability)});
      exact = scenario->ExactValue(slates, {}).value();
      EXPECT_LE(exact, *scenario->OptimalValue());
    }
    EXPECT_NEAR(returns.mean(), exact, 5 * returns.standard_error() + 1e-9);
  }
}

TEST(KnownQStatisticsTest, ReferencePoliciesEarnTheirExactValues) {
  const auto shipped = LoadExperimentConfig(testing::SourceDir() + "/deploy/config/known_q.textproto", {});
  ASSERT_TRUE(shipped.ok()) << shipped.status();
  ExpectReferencesEarnTheirValues(MakeScenario(shipped->environment(), shipped->seed()).value());
  KnownQOptions options;
  options.num_candidates = 7;
  options.slate_size = 3;
  options.start_distribution = {0.1, 0.2, 0.3, 0.1, 0.2, 0.1};
  options.max_episode_steps = 11;
  ExpectReferencesEarnTheirValues(ModelScenario<KnownQModel>::Create(options, 7).value());
}

}  // namespace
}  // namespace recbots
