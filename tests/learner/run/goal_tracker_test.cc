#include "learner/run/goal_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "learner/run/report.h"

namespace recbots {
namespace {

v1::GoalConfig MakeGoal(double share, int evaluations, int64_t max_updates = 0, double max_seconds = 0) {
  v1::GoalConfig goal;
  goal.set_share_of_optimum(share);
  goal.set_evaluations(evaluations);
  goal.set_max_updates(max_updates);
  goal.set_max_seconds(max_seconds);
  return goal;
}

v1::Evaluation MakeEvaluation(int64_t version, double value, double optimum = 10) {
  v1::Evaluation evaluation;
  evaluation.set_weights_version(version);
  evaluation.set_incarnation(7);
  evaluation.set_updates(version * 20);
  evaluation.set_env_steps(version * 100);
  evaluation.set_value(value);
  evaluation.set_random_value(1);
  evaluation.set_optimum(optimum);
  return evaluation;
}

TEST(GoalTrackerTest, WantsTheShareInARow) {
  GoalTracker goal(MakeGoal(0.999, 3));
  for (const auto& [version, value] : {std::pair{1, 10.0}, {2, 10.0}, {3, 9.9}, {4, 9.991}, {5, 9.99}}) {
    goal.OnEvaluation(MakeEvaluation(version, value), version);
    EXPECT_EQ(goal.Check(1000, 1), Ending::kNotYet) << version;
  }
  goal.OnEvaluation(MakeEvaluation(6, 10), 6);
  EXPECT_EQ(goal.Check(1000, 1), Ending::kShareReached);
  EXPECT_TRUE(goal.Reached(Ending::kShareReached));
  EXPECT_FALSE(goal.Reached(Ending::kMaxSeconds));
}

TEST(GoalTrackerTest, CountsAVersionOnce) {
  GoalTracker goal(MakeGoal(0.9, 2));
  goal.OnEvaluation(MakeEvaluation(3, 10), 1);
  goal.OnEvaluation(MakeEvaluation(3, 10), 2);
  goal.OnEvaluation(MakeEvaluation(2, 10), 3);
  EXPECT_EQ(goal.evaluations(), 1);
  EXPECT_EQ(goal.Check(0, 0), Ending::kNotYet);
}

TEST(GoalTrackerTest, TakesVersionsOfANewLearner) {
  GoalTracker goal(MakeGoal(0.9, 2));
  goal.OnEvaluation(MakeEvaluation(9, 10), 1);
  v1::Evaluation restarted = MakeEvaluation(1, 10);
  restarted.set_incarnation(8);
  goal.OnEvaluation(restarted, 2);
  EXPECT_EQ(goal.evaluations(), 2);
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
  EXPECT_EQ(goal.Check(99, 59), Ending::kNotYet);
  EXPECT_EQ(goal.Check(100, 59), Ending::kMaxUpdates);
  EXPECT_EQ(goal.Check(99, 60), Ending::kMaxSeconds);
  EXPECT_TRUE(goal.Reached(Ending::kMaxUpdates)) << "no share was asked for";
}

TEST(GoalTrackerTest, RunsForEverWithoutBounds) {
  GoalTracker goal(MakeGoal(0, 1));
  goal.OnEvaluation(MakeEvaluation(1, 10), 1);
  EXPECT_EQ(goal.Check(int64_t{1} << 40, 1e9), Ending::kNotYet);
}

TEST(ReportTest, HasTheFieldsOthersScriptAgainst) {
  GoalTracker goal(MakeGoal(0.999, 1));
  goal.OnEvaluation(MakeEvaluation(2, 9.95), 2);
  goal.OnEvaluation(MakeEvaluation(4, 10), 4);
  Report report{"browse", 42, Ending::kShareReached, {5000, 90, 4.5}, 7.9};
  const auto json = nlohmann::json::parse(FormatReport(report, goal));
  EXPECT_EQ(json["goal_reached"], true);
  EXPECT_EQ(json["share_of_optimum"], 1.0);
  EXPECT_EQ(json["value"], 10.0);
  EXPECT_EQ(json["optimum"], 10.0);
  EXPECT_EQ(json["random_value"], 1.0);
  EXPECT_EQ(json["env_steps"], 5000);
  EXPECT_EQ(json["updates"], 90);
  EXPECT_EQ(json["wall_seconds"], 4.5);
  EXPECT_EQ(json["env_steps_to_99"], 200);
  EXPECT_EQ(json["updates_to_99"], 40);
  EXPECT_EQ(json["wall_seconds_to_99"], 2.0);
  EXPECT_EQ(json["env_steps_to_999"], 400);
  EXPECT_EQ(json["wall_seconds_to_999"], 4.0);
  EXPECT_THAT(FormatVerdict(report, goal), ::testing::HasSubstr("100.00 % of the optimum"));
}

TEST(ReportTest, LeavesUnknownFiguresNull) {
  const GoalTracker goal(MakeGoal(0.999, 1));
  const auto json = nlohmann::json::parse(FormatReport(Report{}, goal));
  EXPECT_EQ(json["goal_reached"], false);
  for (const char* name : {"share_of_optimum", "value", "optimum", "env_steps_to_99", "wall_seconds_to_999"}) {
    EXPECT_TRUE(json.contains(name) && json[name].is_null()) << name;
  }
}

TEST(ReportTest, NamesTheFileItCannotWrite) {
  const GoalTracker goal(MakeGoal(0, 1));
  const absl::Status status = WriteReport("/no/such/directory", Report{}, goal);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("/no/such/directory/report.json"));
}

}  // namespace
}  // namespace recbots
