#include "learner/run/goal_tracker.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/learner/run/make_evaluation.h"

namespace recbots {
namespace {

using testing::AddReferences;
using testing::MakeEvaluation;

v1::GoalConfig MakeGoal(double share, int evaluations, int64_t max_updates = 0, double max_seconds = 0) {
  v1::GoalConfig goal;
  goal.set_share_of_optimum(share);
  goal.set_evaluations(evaluations);
  goal.set_max_updates(max_updates);
  goal.set_max_seconds(max_seconds);
  return goal;
}

TEST(GoalTrackerTest, WantsTheShareInARow) {
  GoalTracker goal(MakeGoal(0.999, 3));
  for (const auto& [version, value] : {std::pair{1, 10.0}, {2, 10.0}, {3, 9.9}, {4, 9.991}, {5, 9.99}}) {
    goal.OnEvaluation(MakeEvaluation(version, value), version);
    EXPECT_EQ(goal.Check({.updates = 1000, .wall_seconds = 1}), Ending::kNotYet) << version;
  }
  goal.OnEvaluation(MakeEvaluation(6, 10), 6);
  EXPECT_EQ(goal.Check({.updates = 1000, .wall_seconds = 1}), Ending::kShareReached);
  EXPECT_TRUE(goal.Reached(Ending::kShareReached));
  EXPECT_FALSE(goal.Reached(Ending::kMaxSeconds));
}

TEST(GoalTrackerTest, CountsAVersionOnce) {
  GoalTracker goal(MakeGoal(0.9, 2));
  goal.OnEvaluation(MakeEvaluation(3, 10), 1);
  goal.OnEvaluation(MakeEvaluation(3, 10), 2);
  goal.OnEvaluation(MakeEvaluation(2, 10), 3);
  EXPECT_EQ(goal.evaluations(), 1);
  EXPECT_EQ(goal.Check({.updates = 0, .wall_seconds = 0}), Ending::kNotYet);
}

TEST(GoalTrackerTest, TakesVersionsOfANewLearner) {
  GoalTracker goal(MakeGoal(0.9, 2));
  goal.OnEvaluation(MakeEvaluation(9, 10), 1);
  v1::Evaluation restarted = MakeEvaluation(1, 10);
  restarted.set_incarnation(8);
  goal.OnEvaluation(restarted, 2);
  EXPECT_EQ(goal.evaluations(), 2);
}

TEST(GoalTrackerTest, GoesOnFromItsState) {
  GoalTracker goal(MakeGoal(0.999, 3));
  for (const int version : {1, 2}) goal.OnEvaluation(MakeEvaluation(version, 10), version);
  GoalTracker next(MakeGoal(0.999, 3));
  next.Restore(goal.State());
  EXPECT_EQ(next.evaluations(), 2);
  EXPECT_EQ(next.newest()->weights_version(), 2);
  EXPECT_EQ(next.at_999()->wall_seconds, 1);
  EXPECT_FALSE(next.OnEvaluation(MakeEvaluation(2, 10), 9)) << "seen already";
  EXPECT_EQ(next.Check({}), Ending::kNotYet);
  next.OnEvaluation(MakeEvaluation(3, 10), 3);
  EXPECT_EQ(next.Check({}), Ending::kShareReached) << "the third in a row";
  GoalTracker other(MakeGoal(0.9, 3));
  other.Restore(goal.State());
  other.OnEvaluation(MakeEvaluation(3, 10), 3);
  EXPECT_EQ(other.Check({}), Ending::kNotYet) << "another share is counted from 0";
}

TEST(GoalTrackerTest, MarksTheFirstEvaluationAtEachShare) {
  GoalTracker goal(MakeGoal(0.999, 100));
  goal.OnEvaluation(MakeEvaluation(1, 9.8), 1);
  EXPECT_FALSE(goal.at_99().has_value());
  goal.OnEvaluation(MakeEvaluation(2, 9.95), 2);
  goal.OnEvaluation(MakeEvaluation(3, 9.0), 3);
  goal.OnEvaluation(MakeEvaluation(4, 10), 4);
  ASSERT_TRUE(goal.at_99().has_value());
  ASSERT_TRUE(goal.at_999().has_value());
  EXPECT_EQ(goal.at_99()->env_steps, 200);
  EXPECT_EQ(goal.at_99()->updates, 40);
  EXPECT_EQ(goal.at_99()->wall_seconds, 2);
  EXPECT_EQ(goal.at_999()->env_steps, 400);
}

TEST(GoalTrackerTest, EndsByUpdatesAndTime) {
  GoalTracker goal(MakeGoal(0, 3, 100, 60));
  EXPECT_EQ(goal.Check({.updates = 99, .wall_seconds = 59}), Ending::kNotYet);
  EXPECT_EQ(goal.Check({.updates = 100, .wall_seconds = 59}), Ending::kMaxUpdates);
  EXPECT_EQ(goal.Check({.updates = 99, .wall_seconds = 60}), Ending::kMaxSeconds);
  EXPECT_TRUE(goal.Reached(Ending::kMaxUpdates)) << "no share was asked for";
}

TEST(GoalTrackerTest, EndsByEnvironmentSteps) {
  v1::GoalConfig config;
  config.set_max_env_steps(3000);
  config.set_max_seconds(60);
  const GoalTracker goal(config);
  EXPECT_EQ(goal.Check({.env_steps = 2999, .updates = 1 << 20, .wall_seconds = 59}), Ending::kNotYet);
  EXPECT_EQ(goal.Check({.env_steps = 3000, .updates = 0, .wall_seconds = 60}), Ending::kMaxEnvSteps);
  EXPECT_EQ(goal.Check({.env_steps = 2999, .updates = 0, .wall_seconds = 60}), Ending::kMaxSeconds);
  EXPECT_TRUE(goal.Reached(Ending::kMaxEnvSteps));
  for (const Ending limit : {Ending::kMaxEnvSteps, Ending::kMaxUpdates, Ending::kMaxSeconds}) {
    EXPECT_TRUE(IsLimit(limit));
  }
  for (const Ending other : {Ending::kNotYet, Ending::kShareReached, Ending::kGapClosed}) EXPECT_FALSE(IsLimit(other));
}

TEST(GoalTrackerTest, WantsTheShareOfTheGapInARow) {
  v1::GoalConfig config;
  config.set_share_of_gap(0.9);
  config.set_evaluations(2);
  config.set_max_env_steps(5000);
  GoalTracker goal(config);
  int64_t version = 0;
  // From random 100 to the best known 200; the optimum is not known.
  const auto evaluate = [&goal, &version](double value) {
    v1::Evaluation evaluation = MakeEvaluation(++version, value);
    evaluation.clear_optimum();
    AddReferences({{"random", 100}, {"myopic", 300}, {"best", 200}}, evaluation);
    goal.OnEvaluation(evaluation, static_cast<double>(version));
    return goal.Check({.env_steps = 10, .updates = 10, .wall_seconds = 1});
  };
  EXPECT_EQ(evaluate(190), Ending::kNotYet);
  EXPECT_EQ(evaluate(189), Ending::kNotYet);
  EXPECT_EQ(evaluate(190), Ending::kNotYet);
  EXPECT_EQ(evaluate(210), Ending::kGapClosed);
  EXPECT_TRUE(goal.Reached(Ending::kGapClosed));
  EXPECT_FALSE(goal.Reached(Ending::kMaxEnvSteps)) << "a share was asked for";
  EXPECT_FALSE(goal.at_99().has_value()) << "marks are of the optimum";
}

TEST(GoalTrackerTest, AGapThatIsNoneIsNeverClosed) {
  v1::GoalConfig config;
  config.set_share_of_gap(0.5);
  config.set_evaluations(1);
  GoalTracker goal(config);
  EXPECT_TRUE(goal.OnEvaluation(MakeEvaluation(1, 1e9), 1));
  EXPECT_EQ(goal.Check({}), Ending::kNotYet);
  EXPECT_FALSE(goal.OnEvaluation(MakeEvaluation(1, 1e9), 1)) << "no news";
}

TEST(ShareOfOptimumTest, SaysNothingOfAnOptimumThatIsNotMoreThanZero) {
  EXPECT_EQ(ShareOfOptimum(MakeEvaluation(1, 5)), 0.5);
  EXPECT_EQ(ShareOfOptimum(MakeEvaluation(1, -5)), -0.5);
  EXPECT_EQ(ShareOfOptimum(MakeEvaluation(1, 5, /*optimum=*/0)), std::nullopt);
  EXPECT_EQ(ShareOfOptimum(MakeEvaluation(1, -20, /*optimum=*/-10)), std::nullopt) << "a share of 2, of a worse policy";
  v1::Evaluation unknown = MakeEvaluation(1, 5);
  unknown.clear_optimum();
  EXPECT_EQ(ShareOfOptimum(unknown), std::nullopt);
}

TEST(GoalTrackerTest, ANegativeOptimumIsNotReachedByWhatIsWorse) {
  GoalTracker goal(MakeGoal(0.9, 1));
  goal.OnEvaluation(MakeEvaluation(1, -20, /*optimum=*/-10), 1);
  EXPECT_EQ(goal.Check({.updates = 1000, .wall_seconds = 1}), Ending::kNotYet);
  EXPECT_FALSE(goal.at_99().has_value());
}

TEST(GoalTrackerTest, SaysWhichGoalsAreOutOfReach) {
  const auto refusal = [](const v1::GoalConfig& config, const v1::Evaluation& evaluation) {
    GoalTracker goal(config);
    EXPECT_TRUE(goal.CheckReachable().ok()) << "nothing is known yet";
    goal.OnEvaluation(evaluation, 1);
    const absl::Status status = goal.CheckReachable();
    EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
    return std::string(status.message());
  };
  v1::GoalConfig of_gap;
  of_gap.set_share_of_gap(0.8);
  v1::Evaluation evaluation = MakeEvaluation(1, 5);
  EXPECT_EQ(refusal(MakeGoal(0.9, 1), evaluation), "");
  EXPECT_EQ(refusal(MakeGoal(0, 1, 100), MakeEvaluation(1, 5, 0)), "") << "no share is a goal";
  EXPECT_EQ(refusal(MakeGoal(0.9, 1), MakeEvaluation(1, 5, -3)),
            "goal.share_of_optimum 0.9 can never be reached, want 0 or another goal: the optimum is -3, and shares are "
            "of what is more than 0 (see goal.share_of_gap)");
  evaluation.clear_optimum();
  EXPECT_EQ(refusal(MakeGoal(0.9, 1), evaluation),
            "goal.share_of_optimum 0.9 can never be reached, want 0 or another goal: the optimum is not known (see "
            "goal.share_of_gap)");
  AddReferences({{"random", 3}}, evaluation);
  EXPECT_EQ(refusal(of_gap, evaluation),
            "goal.share_of_gap 0.8 can never be reached, want 0 or another goal: there is nothing to compare with but "
            "random play");
  AddReferences({{"myopic", 3}}, evaluation);
  EXPECT_EQ(refusal(of_gap, evaluation),
            "goal.share_of_gap 0.8 can never be reached, want 0 or another goal: the best policy known, myopic, gets 3 "
            "and random play 3: there is no gap to close");
  AddReferences({{"better", 3.5}}, evaluation);
  EXPECT_EQ(refusal(of_gap, evaluation), "");
}

TEST(ShareOfGapTest, GoesFromRandomToTheBestKnown) {
  v1::Evaluation evaluation = MakeEvaluation(1, 8);
  EXPECT_EQ(ShareOfGap(evaluation), std::nullopt) << "nothing to compare with";
  AddReferences({{"random", 4}}, evaluation);
  EXPECT_EQ(ShareOfGap(evaluation), std::nullopt) << "only one";
  AddReferences({{"best", 4}}, evaluation);
  EXPECT_EQ(ShareOfGap(evaluation), std::nullopt) << "no better than random";
  evaluation.mutable_references(1)->set_value(4 + 1e-14);
  EXPECT_EQ(ShareOfGap(evaluation), std::nullopt) << "no more than rounding";
  evaluation.mutable_references(1)->set_value(12);
  EXPECT_EQ(ShareOfGap(evaluation), 0.5);
  evaluation.set_value(2);
  EXPECT_EQ(ShareOfGap(evaluation), -0.25);
  evaluation.set_value(14);
  EXPECT_EQ(ShareOfGap(evaluation), 1.25);
}

TEST(GoalTrackerTest, RunsForEverWithoutBounds) {
  GoalTracker goal(MakeGoal(0, 1));
  goal.OnEvaluation(MakeEvaluation(1, 10), 1);
  EXPECT_EQ(goal.Check({int64_t{1} << 40, int64_t{1} << 40, 1e9}), Ending::kNotYet);
}

}  // namespace
}  // namespace recbots
