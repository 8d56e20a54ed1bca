// Layers and cluster bandits allocate nothing once they have met their users.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "common/policies/feedback.h"
#include "common/policies/make_agent.h"
#include "tests/common/policies/topic_environment.h"

namespace {
std::atomic<int> g_allocations = 0;
}

// Not inlined, for GCC would then take malloc and free apart and warn of a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  std::abort();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

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
    if (t == 0) first = g_allocations;
  }
  return g_allocations - first;
}

TEST(AgentAllocationTest, StepsAllocateNothing) {
  for (const char* name : {"random", "ucb1", "kl_ucb", "thompson"}) {
    for (const char* setting : {"epsilon=0", "epsilon=0.5", "aggregation_period=3", "switching_cost=1"}) {
      const testing::TopicEnvironment environment({0.2, 0.6, 0.4}, 9, 4, 20, 3, /*fixed_documents=*/true);
      AgentOptions options;
      ASSERT_TRUE(SetAgentOption(options, setting).ok());
      auto agent = MakeAgent(name, environment.spec(), options);
      ASSERT_TRUE(agent.ok()) << agent.status();
      EXPECT_EQ(AllocationsAfterTheFirstStep(**agent, environment), 0) << name << " " << setting;
    }
  }
}

}  // namespace
}  // namespace recbots
