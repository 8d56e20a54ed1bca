#include "learner/run/run_state.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(RunStateTest, WaitsForAnEvaluationOfAVersionOrANewerOne) {
  FakeClock clock;
  RunState state(v1::GoalConfig(), clock);
  EXPECT_FALSE(state.AwaitEvaluationOf(1, absl::ZeroDuration()));
  v1::Evaluation evaluation;
  evaluation.set_weights_version(3);
  clock.Advance(absl::Seconds(2));
  state.OnEvaluation(evaluation);
  EXPECT_TRUE(state.AwaitEvaluationOf(3, absl::ZeroDuration()));
  EXPECT_TRUE(state.AwaitEvaluationOf(2, absl::ZeroDuration()));
  EXPECT_FALSE(state.AwaitEvaluationOf(4, absl::ZeroDuration()));
  EXPECT_EQ(state.evaluations(), 1);
  EXPECT_EQ(state.wall_seconds(), 2);
}

TEST(RunStateTest, GoesOnWhereAnEarlierProcessStopped) {
  FakeClock clock;
  RunState state(v1::GoalConfig(), clock);
  clock.Advance(absl::Seconds(5));
  v1::GoalState goal;
  goal.set_evaluations(4);
  state.Resume({.env_steps = 300, .updates = 20, .wall_seconds = 60}, goal);
  EXPECT_EQ(state.env_steps(), 300);
  EXPECT_EQ(state.updates(), 20);
  EXPECT_EQ(state.wall_seconds(), 60) << "without what passed before";
  clock.Advance(absl::Seconds(2));
  EXPECT_EQ(state.wall_seconds(), 62);
  EXPECT_EQ(state.evaluations(), 4);
}

}  // namespace
}  // namespace recbots
