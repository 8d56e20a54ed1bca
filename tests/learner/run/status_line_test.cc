#include "learner/run/status_line.h"

#include <gtest/gtest.h>

#include <utility>

#include "learner/run/lag_window.h"
#include "learner/run/run_state.h"

namespace recbots {
namespace {

TEST(StatusLineTest, ShowsARun) {
  StatusLine line;
  line.counters = {3'100'000, 41'200, 35.2};
  line.updates_per_second = 5800;
  line.env_steps_per_second = 212'000;
  line.num_actors = 4;
  line.lag_p50_updates = 3;
  line.lag_p99_updates = 11;
  line.samples_per_insert = 7.9;
  line.samples_per_insert_target = 8;
  line.evaluation.emplace();
  line.evaluation->set_value(8.91);
  line.evaluation->set_optimum(8.93);
  line.evaluation->set_random_value(0.98);
  line.bound_by = "learner";
  EXPECT_EQ(FormatStatusLine(line),
            "[00:00:35] upd 41.2k (5.80k/s, cpu) | env 3.10M (212k/s, 4 actors) | lag p50/p99 3/11 upd | spi 7.9/8 | "
            "value 8.91 = 99.8 % of optimum (random 0.98) | bound by: learner");
  line.importance_exponent = 0.7249;
  EXPECT_EQ(FormatStatusLine(line),
            "[00:00:35] upd 41.2k (5.80k/s, cpu) | env 3.10M (212k/s, 4 actors) | lag p50/p99 3/11 upd | spi 7.9/8 | "
            "beta 0.72 | value 8.91 = 99.8 % of optimum (random 0.98) | bound by: learner");
}

TEST(StatusLineTest, ShowsSeveralLearners) {
  StatusLine line;
  line.updates_per_second = 700;
  line.num_learners = 3;
  line.device = "cuda:1";
  line.rows_per_second = 2'150'400;
  line.bound_by = "the other learners";
  EXPECT_EQ(
      FormatStatusLine(line),
      "[00:00:00] upd 0 (700/s, cuda:1) | 3 learners, 2.15M rows/s | env 0 (0/s, 0 actors) | lag p50/p99 0/0 upd | spi "
      "0.0 | value not known yet | bound by: the other learners");
}

TEST(StatusLineTest, ShowsTheGapWhereTheOptimumIsNotKnown) {
  StatusLine line;
  line.bound_by = "learner";
  line.evaluation.emplace();
  line.evaluation->set_value(20);
  for (const auto& [name, value] : {std::pair{"random", 10.0}, {"myopic", 15.0}, {"oracle", 30.0}}) {
    v1::ReferenceValue& reference = *line.evaluation->add_references();
    reference.set_name(name);
    reference.set_value(value);
  }
  EXPECT_EQ(
      FormatStatusLine(line),
      "[00:00:00] upd 0 (0/s, cpu) | env 0 (0/s, 0 actors) | lag p50/p99 0/0 upd | spi 0.0 | value 20.00 = 50.0 % of "
      "the gap from random 10.00 to oracle 30.00 (myopic 15.00) | bound by: learner");
}

TEST(StatusLineTest, ShowsWhatIsNotKnownYet) {
  StatusLine line;
  line.counters.wall_seconds = 3725;
  line.num_actors = 1;
  line.bound_by = "actors";
  EXPECT_EQ(
      FormatStatusLine(line),
      "[01:02:05] upd 0 (0/s, cpu) | env 0 (0/s, 1 actor) | lag p50/p99 0/0 upd | spi 0.0 | value not known yet | "
      "bound by: actors");
}

TEST(LagWindowTest, GivesQuantilesOfTheNewestValues) {
  LagWindow window;
  EXPECT_EQ(window.Quantile(0.5), 0);
  for (int i = 0; i < 4096; ++i) window.Add(1000);
  for (int i = 1; i <= 4096; ++i) window.Add(i);
  EXPECT_NEAR(window.Quantile(0.5), 2048, 1);
  EXPECT_NEAR(window.Quantile(0.99), 4055, 1);
  EXPECT_EQ(window.Quantile(1), 4096);
}

TEST(RunStateTest, MeasuresTimeAndHearsEvaluations) {
  FakeClock clock;
  v1::GoalConfig goal;
  goal.set_share_of_optimum(0.9);
  goal.set_evaluations(1);
  RunState state(goal, clock);
  clock.Advance(absl::Seconds(3));
  EXPECT_EQ(state.wall_seconds(), 3);
  EXPECT_FALSE(state.AwaitEvaluationOf(5, absl::ZeroDuration()));
  v1::Evaluation evaluation;
  evaluation.set_weights_version(5);
  evaluation.set_value(9.5);
  evaluation.set_optimum(10);
  state.OnEvaluation(evaluation);
  EXPECT_TRUE(state.AwaitEvaluationOf(5, absl::ZeroDuration()));
  EXPECT_EQ(state.evaluations(), 1);
  EXPECT_EQ(state.Check(), Ending::kShareReached);
  EXPECT_EQ(state.goal().at_99().has_value(), false);
}

}  // namespace
}  // namespace recbots
