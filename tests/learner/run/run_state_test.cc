#include "learner/run/run_state.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(ReplayCounterTest, GoesOnCountingWhenTheStoreBeginsAnew) {
  ReplayCounter counter;
  counter.Observe(1, 100, 0);
  counter.Observe(1, 150, 0);
  EXPECT_EQ(counter.total(), 150);
  counter.Observe(2, 30, 0);
  counter.Observe(2, 40, 0);
  EXPECT_EQ(counter.total(), 190);
}

TEST(ReplayCounterTest, DoesNotCountAgainWhatACheckpointBrought) {
  ReplayCounter counter;
  counter.Observe(1, 100, 0);
  counter.Observe(2, 85, 80);
  EXPECT_EQ(counter.total(), 105) << "20 rows were lost and 5 came since";
  counter.Observe(2, 95, 80);
  EXPECT_EQ(counter.total(), 115);
}

TEST(ReplayCounterTest, ReportsMayOvertakeEachOther) {
  ReplayCounter counter;
  for (const int64_t value : {5, 9, 7, 9, 8, 12}) counter.Observe(1, value, 0);
  EXPECT_EQ(counter.total(), 12);
}

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

}  // namespace
}  // namespace recbots
