// Layers and cluster bandits allocate nothing once they have met their users.
#include <gtest/gtest.h>

#include "common/agents/make_agent.h"
#include "common/policies/feedback.h"
#include "tests/common/agents/topic_environment.h"
#include "tests/support/count_allocations.h"

namespace recbots {
namespace {

int AllocationsAfterTheFirstStep(Policy& policy, testing::TopicEnvironment environment) {
  StepBuffer step(environment.spec(), environment.num_users());
  step.Reset(environment);
  int first = 0;
  for (int t = 0; t < 50; ++t) {
    policy.Act({step.observation, environment.positions(), step.candidates},
               {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability),
                absl::MakeSpan(step.position_probability)});
    EXPECT_TRUE(step.Step(environment).ok());
    policy.Observe(FeedbackOf(step));
    step.Advance();
    if (t == 0) first = testing::g_allocations;
  }
  return testing::g_allocations - first;
}

TEST(AgentAllocationTest, StepsAllocateNothing) {
  for (const char* name : {"random", "ucb1", "kl_ucb", "thompson"}) {
    for (const AgentLayersOptions& layers :
         {AgentLayersOptions(), AgentLayersOptions{.epsilon = 0.5}, AgentLayersOptions{.aggregation_period = 3},
          AgentLayersOptions{.switching_cost = 1}}) {
      const testing::TopicEnvironment environment({0.2, 0.6, 0.4}, 9, 4, 20, 3, /*fixed_documents=*/true);
      AgentOptions options;
      options.layers = layers;
      auto agent = MakeAgent(name, environment.spec(), options, /*seed=*/1);
      ASSERT_TRUE(agent.ok()) << agent.status();
      EXPECT_EQ(AllocationsAfterTheFirstStep(**agent, environment), 0)
          << name << ": epsilon " << layers.epsilon << ", aggregation_period " << layers.aggregation_period
          << ", switching_cost " << layers.switching_cost;
    }
  }
}

}  // namespace
}  // namespace recbots
