#include "learner/run/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "common/base/processor_name.h"
#include "common/base/version.h"
#include "tests/learner/run/make_evaluation.h"

namespace recbots {
namespace {

using testing::AddReferences;
using testing::MakeEvaluation;

v1::GoalConfig ShareOfOptimumGoal() {
  v1::GoalConfig goal;
  goal.set_share_of_optimum(0.999);
  goal.set_evaluations(1);
  return goal;
}

TEST(ReportTest, HasTheFieldsOthersScriptAgainst) {
  GoalTracker goal(ShareOfOptimumGoal());
  goal.OnEvaluation(MakeEvaluation(2, 9.95), 2);
  goal.OnEvaluation(MakeEvaluation(4, 10), 4);
  const Report report{"browse", 42, Ending::kShareReached, {5000, 90, 4.5}, 7.9, {{"critic_loss", 0.25}, {"nll", -1}},
                      0xfeed};
  const auto json = nlohmann::json::parse(FormatReport(report, goal));
  EXPECT_EQ(json["identity"], "000000000000feed");
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
  EXPECT_EQ(json["losses"], nlohmann::json({{"critic_loss", 0.25}, {"nll", -1.0}}));
  EXPECT_THAT(FormatVerdict(report, goal), ::testing::HasSubstr("100.00 % of the optimum"));
}

TEST(ReportTest, ShowsEveryReferenceAndTheGap) {
  v1::GoalConfig config;
  config.set_share_of_gap(0.8);
  config.set_evaluations(1);
  GoalTracker goal(config);
  v1::Evaluation evaluation = MakeEvaluation(3, 266.1);
  evaluation.clear_optimum();
  AddReferences({{"random", 160.1}, {"myopic", 167.8}, {"fractional", 280.1}}, evaluation);
  evaluation.mutable_references(1)->set_value_ci95(0.5);
  goal.OnEvaluation(evaluation, 1);
  const Report report{"evolution", 1, goal.Check({}), {5000, 90, 4.5}, 7.9, {}};
  const auto json = nlohmann::json::parse(FormatReport(report, goal));
  EXPECT_EQ(json["goal_reached"], true);
  EXPECT_EQ(json["ended_by"], "share of gap closed");
  EXPECT_DOUBLE_EQ(json["share_of_gap"], 106.0 / 120);
  EXPECT_TRUE(json["share_of_optimum"].is_null());
  ASSERT_EQ(json["references"].size(), 3u);
  EXPECT_EQ(json["references"][1], nlohmann::json({{"name", "myopic"}, {"value", 167.8}, {"value_ci95", 0.5}}));
  EXPECT_EQ(json["references"][2]["name"], "fractional");
  EXPECT_EQ(json["result"],
            "value 266.100 = 88.33 % of the gap from random 160.100 to fractional 280.100 (myopic 167.800)");
  EXPECT_THAT(FormatVerdict(report, goal), ::testing::HasSubstr(json["result"].get<std::string>()));
}

TEST(ReportTest, LeavesUnknownFiguresNull) {
  const GoalTracker goal(ShareOfOptimumGoal());
  const auto json = nlohmann::json::parse(FormatReport(Report{}, goal));
  EXPECT_EQ(json["goal_reached"], false);
  for (const char* name :
       {"share_of_optimum", "value", "optimum", "env_steps_to_99", "wall_seconds_to_999", "share_of_gap", "result"}) {
    EXPECT_TRUE(json.contains(name) && json[name].is_null()) << name;
  }
  EXPECT_EQ(json["references"], nlohmann::json::array());
  EXPECT_EQ(json["losses"], nlohmann::json::object());
  EXPECT_EQ(json["device"], "cpu");
  EXPECT_EQ(json["learners"], 1);
  EXPECT_EQ(json["version"], std::string(kVersion));
  EXPECT_EQ(json["processor"], ProcessorName());
  EXPECT_GE(json["cores"], 1);
  EXPECT_TRUE(json["built_for"].is_string());
}

TEST(ReportTest, NamesTheFileItCannotWrite) {
  const GoalTracker goal{v1::GoalConfig()};
  const absl::Status status = WriteReport("/no/such/directory", Report{}, goal);
  EXPECT_EQ(status.message(), "cannot write '/no/such/directory/report.json': No such file or directory");
}

}  // namespace
}  // namespace recbots
