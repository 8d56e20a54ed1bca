#include "actor/client/make_scenario.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace recbots {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<Scenario>> Make(const std::string& document_browsing) {
  v1::EnvironmentConfig config;
  const bool parsed =
      google::protobuf::TextFormat::ParseFromString("document_browsing { " + document_browsing + " }", &config);
  EXPECT_TRUE(parsed) << document_browsing;
  return MakeScenario(config, /*seed=*/1);
}

std::string Refusal(const std::string& document_browsing, absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
  const auto scenario = Make(document_browsing);
  EXPECT_EQ(scenario.status().code(), code) << document_browsing;
  return std::string(scenario.status().message());
}

std::string WriteFile(const std::string& name, const std::string& text) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(MakeScenarioTest, GeneratesTheDefaultTask) {
  const auto scenario = Make("").value();
  EXPECT_EQ(scenario->spec().name, "document_browsing");
  EXPECT_EQ(scenario->spec().num_candidates, 10);
  EXPECT_EQ(scenario->spec().max_episode_steps, 1000);
  EXPECT_EQ(scenario->AllObservations().size(), 100U);
  EXPECT_GT(scenario->OptimalValue().value(), 8.0);
  EXPECT_NE(Make("matrix_seed: 7").value()->OptimalValue(), scenario->OptimalValue());
  const auto policies = scenario->MakeReferencePolicies();
  ASSERT_EQ(policies.size(), 3U);
  EXPECT_EQ(policies.front().name, "random");
  EXPECT_EQ(policies[1].name, "row_argmax");
  EXPECT_EQ(policies.back().name, "optimal");
}

TEST(MakeScenarioTest, TakesTheMatrixFromTheConfigurationOrAFile) {
  const auto given = Make("num_documents: 2 acceptance: [0.1, 0.9, 0.8, 0.2]").value();
  const std::string path = WriteFile("make_scenario_w.json", "{\"W\": [[0.1, 0.9], [0.8, 0.2]]}");
  const auto read = Make("num_documents: 2 matrix_file: \"" + path + "\"").value();
  EXPECT_EQ(given->OptimalValue(), read->OptimalValue());
  EXPECT_EQ(given->ExactValue({1, 0}).value(), read->ExactValue({1, 0}).value());
}

TEST(MakeScenarioTest, RefusesSettingsOutOfBounds) {
  EXPECT_EQ(Refusal("num_documents: 1"), "environment.document_browsing.num_documents 1, want 2..4096");
  EXPECT_EQ(Refusal("num_documents: -3"), "environment.document_browsing.num_documents -3, want 2..4096");
  EXPECT_EQ(Refusal("exit_probability_accepted: 1.5"),
            "environment.document_browsing.exit_probability_accepted 1.5, want 0..1");
  EXPECT_EQ(Refusal("exit_probability_refused: nan"),
            "environment.document_browsing.exit_probability_refused nan, want 0..1");
  EXPECT_EQ(Refusal("max_episode_steps: 0"), "environment.document_browsing.max_episode_steps 0, want 1..1000000");
}

TEST(MakeScenarioTest, RefusesMatricesThatDoNotFit) {
  EXPECT_EQ(Refusal("acceptance: 0.5"), "environment.document_browsing.acceptance: 1 numbers, want 10 x 10 = 100");
  EXPECT_EQ(Refusal("num_documents: 2 acceptance: [0, 2, 0, 0]"),
            "environment.document_browsing.acceptance: W[0][1] is 2, want 0..1");
  const std::string path = WriteFile("make_scenario_small.json", "{\"W\": [[0.1, 0.9], [0.8, 0.2]]}");
  EXPECT_EQ(Refusal("matrix_file: \"" + path + "\""),
            "environment.document_browsing.matrix_file " + path + ": W is 2x2, want 10x10");
  EXPECT_THAT(Refusal("matrix_file: \"/no/such/file\"", absl::StatusCode::kNotFound),
              HasSubstr("environment.document_browsing.matrix_file /no/such/file: cannot be read"));
  EXPECT_THAT(Refusal("matrix_seed: 3 acceptance: 0.5"), HasSubstr("2 of them are given, want at most 1"));
  EXPECT_THAT(Refusal("matrix_seed: 3 matrix_file: \"x\""), HasSubstr("matrix_file 'x' and matrix_seed 3"));
}

TEST(MakeScenarioTest, RefusesAnEnvironmentWithoutAScenario) {
  const auto scenario = MakeScenario(v1::EnvironmentConfig(), 1);
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(scenario.status().message()), HasSubstr("document_browsing"));
}

TEST(CheckGoalTest, AShareNeedsSomethingToMeasureItBy) {
  v1::EnvironmentConfig videos;
  videos.mutable_interest_evolution();
  const std::unique_ptr<Scenario> scenario = *MakeScenario(videos, 1);
  v1::GoalConfig goal;
  EXPECT_TRUE(CheckGoal(goal, *scenario).ok());
  goal.set_share_of_optimum(0.9);
  const absl::Status status = CheckGoal(goal, *scenario);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("goal.share_of_optimum is 0.9"));
  goal.clear_share_of_optimum();
  goal.set_share_of_gap(0.9);
  EXPECT_TRUE(CheckGoal(goal, *scenario).ok());
  v1::EnvironmentConfig states;
  states.mutable_known_q();
  goal.clear_share_of_gap();
  goal.set_share_of_optimum(0.9);
  EXPECT_TRUE(CheckGoal(goal, **MakeScenario(states, 1)).ok());
}

}  // namespace
}  // namespace recbots
