#include "actor/loop/evaluator.h"

#include <gtest/gtest.h>

#include <cmath>

#include "actor/client/make_scenario.h"

namespace recbots {
namespace {

std::unique_ptr<Scenario> MakeBrowsing() {
  v1::EnvironmentConfig config;
  config.mutable_document_browsing()->set_matrix_seed(3);
  return *MakeScenario(config, /*seed=*/11);
}

TEST(EvaluatorTest, ExactAndPlayedValuesAgree) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const Evaluator exact(*scenario, {});
  const Evaluator played(*scenario, {.episodes = 40'000, .exact = false, .users = 1000});
  for (ReferencePolicy& reference : scenario->MakeReferencePolicies()) {
    const PolicyValue by_play = *played.Evaluate(*reference.policy);
    EXPECT_GE(by_play.episodes, 40'000);
    EXPECT_GT(by_play.ci95, 0);
    // 5 standard errors; one is ci95 / 1.96.
    const double tolerance = 5 * by_play.ci95 / 1.96;
    const double value =
        reference.name == "random" ? exact.EvaluateRandom()->value : exact.Evaluate(*reference.policy)->value;
    EXPECT_NEAR(by_play.value, value, tolerance) << reference.name;
  }
}

TEST(EvaluatorTest, KnowsRandomAndOptimum) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const Evaluator exact(*scenario, {});
  EXPECT_EQ(exact.EvaluateRandom()->value, *scenario->RandomValue());
  EXPECT_EQ((*exact.EvaluateOptimum())->value, *scenario->OptimalValue());
  std::vector<ReferencePolicy> references = scenario->MakeReferencePolicies();
  EXPECT_NEAR(exact.Evaluate(*references.back().policy)->value, *scenario->OptimalValue(), 1e-9);
  const Evaluator played(*scenario, {.episodes = 20'000, .exact = false, .users = 512});
  const PolicyValue random = *played.EvaluateRandom();
  EXPECT_NEAR(random.value, *scenario->RandomValue(), 5 * random.ci95 / 1.96);
}

TEST(EvaluatorTest, MeetsTheSameUsersEveryTime) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const Evaluator played(*scenario, {.episodes = 2000, .exact = false, .users = 100});
  std::vector<ReferencePolicy> references = scenario->MakeReferencePolicies();
  EXPECT_EQ(played.Evaluate(*references[0].policy)->value, played.Evaluate(*references[0].policy)->value);
}

}  // namespace
}  // namespace recbots
