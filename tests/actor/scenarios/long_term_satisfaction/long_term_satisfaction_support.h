// What the tests of long-term satisfaction and of choc/kale share.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/long_term_satisfaction/exact_values.h"
#include "actor/scenarios/long_term_satisfaction/model.h"
#include "common/policies/feedback.h"
#include "common/rl/step_buffer.h"
#include "tests/support/rollout_statistics.h"

namespace recbots::testing {

// The harder variant, in which kale pays.
inline LongTermSatisfactionOptions HardOptions(int num_candidates = 10) {
  LongTermSatisfactionOptions options;
  options.num_candidates = num_candidates;
  options.memory_discount = 0.9;
  options.sensitivity = 0.1;
  return options;
}

template <typename Model>
std::unique_ptr<Scenario> MakeScenarioOf(const typename Model::Options& options, uint64_t seed = 1) {
  return ModelScenario<Model>::Create(options, seed).value();
}

// Shows the slates of `policy` and tells it what came of them.
inline void PlayStep(Environment& environment, Policy& policy, StepBuffer& buffer) {
  policy.Act({buffer.observation, environment.positions(), buffer.candidates},
             {absl::MakeSpan(buffer.slates), absl::MakeSpan(buffer.behaviour_probability),
              absl::MakeSpan(buffer.position_probability)});
  ASSERT_TRUE(buffer.Step(environment).ok());
  policy.Observe(FeedbackOf(buffer));
  buffer.Advance();
}

// Returns of the first episode of `num_users` users; all of them last `steps` steps.
inline Sample PlayEpisodes(const Scenario& scenario, Policy& policy, int num_users, int steps) {
  const EpisodeStatistics played = PlayReturns(scenario, policy, num_users);
  for (const double length : played.lengths.values()) EXPECT_EQ(length, steps);
  return played.returns;
}

}  // namespace recbots::testing
