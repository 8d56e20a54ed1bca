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

// The reference policy of that name; the test fails where there is none.
inline std::unique_ptr<Policy> ReferenceOf(const Scenario& scenario, const std::string& name) {
  for (ReferencePolicy& reference : scenario.MakeReferencePolicies()) {
    if (reference.name == name) return std::move(reference.policy);
  }
  ADD_FAILURE() << "no reference policy " << name;
  return nullptr;
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
  constexpr int kBatch = 1024;
  Sample returns;
  for (int first = 0; first < num_users; first += kBatch) {
    const auto environment = scenario.MakeEnvironment(kBatch, static_cast<uint32_t>(first));
    StepBuffer buffer(scenario.spec(), kBatch);
    buffer.Reset(*environment);
    std::vector<double> sums(kBatch, 0.0);
    for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
      PlayStep(*environment, policy, buffer);
      for (size_t i = 0; i < sums.size(); ++i) {
        sums[i] += static_cast<double>(buffer.reward[i]);
        EXPECT_EQ(buffer.terminated[i] + buffer.truncated[i], step + 1 == steps ? 1 : 0) << "step " << step;
      }
    }
    for (const double sum : sums) returns.Add(sum);
  }
  return returns;
}

}  // namespace recbots::testing
