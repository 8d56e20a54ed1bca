// No scenario's step allocates anything.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "actor/client/make_scenario.h"
#include "tests/conformance/environment_conformance.h"
#include "tests/support/count_allocations.h"

namespace recbots {
namespace {

TEST(StepAllocationTest, StepsAllocateNothing) {
  const auto& choice = *v1::EnvironmentConfig::descriptor()->FindOneofByName("scenario");
  for (int i = 0; i < choice.field_count(); ++i) {
    for (const auto& [users_per_session, with_history] : {std::pair{1, false}, {3, false}, {1, true}, {3, true}}) {
      SCOPED_TRACE(choice.field(i)->name() + ", " + std::to_string(users_per_session) +
                   (with_history ? ", with history" : ""));
      v1::EnvironmentConfig config;
      config.GetReflection()->MutableMessage(&config, choice.field(i));
      config.set_users_per_session(users_per_session);
      if (with_history) {
        config.mutable_history()->set_length(3);
        config.mutable_history()->set_remember_candidates(true);
        config.mutable_history()->add_trace_decay(0.9);
      }
      const auto scenario = MakeScenario(config, /*seed=*/3);
      if (!scenario.ok()) continue;  // Candidates that depend on the user cannot be shared.
      RandomPolicy policy(4, (*scenario)->spec().num_candidates, (*scenario)->spec().slate_size);
      testing::Stage stage(**scenario, /*num_users=*/300, /*first_stream=*/0);
      for (int step = 0; step < 200; ++step) {
        stage.Act(policy);
        const int before = testing::g_allocations;
        ASSERT_TRUE(stage.Step().ok());
        ASSERT_EQ(testing::g_allocations, before) << "step " << step;
      }
    }
  }
}

}  // namespace
}  // namespace recbots
