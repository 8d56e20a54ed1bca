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
  EXPECT_EQ(given->ExactValue({1, 0}, {}).value(), read->ExactValue({1, 0}, {}).value());
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
  EXPECT_THAT(Refusal("matrix_seed: 3 acceptance: 0.5"),
              HasSubstr("W is given 2 times (acceptance, matrix_seed), want at most 1"));
  EXPECT_THAT(Refusal("matrix_seed: 3 matrix_file: \"x\""),
              HasSubstr("matrix_seed: W is given 2 times (matrix_file, matrix_seed)"));
}

absl::StatusOr<std::unique_ptr<Scenario>> MakeWithHistory(const std::string& history) {
  v1::EnvironmentConfig config;
  const bool parsed =
      google::protobuf::TextFormat::ParseFromString("interest_exploration {} history { " + history + " }", &config);
  EXPECT_TRUE(parsed) << history;
  return MakeScenario(config, /*seed=*/1);
}

// N = 10, D = 3, K = 1, R = 3, U = 0.
TEST(MakeScenarioTest, AddsTheHistoryThatIsAskedFor) {
  const auto features = [](const std::string& history) {
    return MakeWithHistory(history).value()->spec().num_user_features;
  };
  const int alone = features("");
  EXPECT_EQ(features("remember_candidates: true trace_scale: 3"), alone) << "of no steps";
  EXPECT_EQ(features("length: 4"), alone + 4 * (3 + 1) + 4);
  EXPECT_EQ(features("length: 4 remember_response: false remember_candidates: true"), alone + 4 * 30 + 4);
  const int trace = 1 + 3 + 1 + 3 + 1;  // The quality of what was clicked is its only response.
  EXPECT_EQ(features("trace_decay: 0.9"), alone + trace);
  EXPECT_EQ(features("length: 4 trace_decay: [0.5, 0.9]"), alone + 4 * (3 + 1) + 4 + 2 * trace);
}

TEST(MakeScenarioTest, RefusesHistoriesThatCannotBe) {
  const auto refusal = [](const std::string& history) {
    const auto scenario = MakeWithHistory(history);
    EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument) << history;
    return std::string(scenario.status().message());
  };
  EXPECT_EQ(refusal("length: -1"), "environment.history.length -1, want 0..10000");
  EXPECT_EQ(refusal("length: 10001"), "environment.history.length 10001, want 0..10000");
  EXPECT_EQ(refusal("trace_decay: [0.5, 1.01]"), "environment.history.trace_decay[1] 1.01, want 0..1");
  EXPECT_EQ(refusal("trace_decay: 0.5 trace_scale: 0"), "environment.history.trace_scale 0, want 0.001..1e+06");
  EXPECT_EQ(refusal("length: 3 remember_response: false"),
            "environment.history.length 3, want 0 where interest_exploration has nothing to remember: remember_user "
            "off, remember_response off, remember_candidates off");
  EXPECT_EQ(refusal("length: 10000 remember_candidates: true"),
            "environment.history.length 10000 makes 350000 user features, want at most 65536");
  EXPECT_EQ(refusal("length: 13100 trace_decay: 0.9").substr(0, 26), "environment.history.length");
  std::string decays;
  for (int i = 0; i < 101; ++i) decays += "trace_decay: 0.9 ";
  EXPECT_EQ(refusal(decays), "environment.history.trace_decay has 101 numbers, want 1..100");
}

TEST(MakeScenarioTest, RefusesAnEnvironmentWithoutAScenario) {
  const auto scenario = MakeScenario(v1::EnvironmentConfig(), 1);
  EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(scenario.status().message()), HasSubstr("document_browsing"));
}

v1::ExperimentConfig Experiment(const std::string& text) {
  v1::ExperimentConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

// What CheckGoal says; "" where the goal can be measured.
std::string GoalRefusal(const std::string& text) {
  const v1::ExperimentConfig config = Experiment(text);
  const absl::Status status = CheckGoal(config, **MakeScenario(config.environment(), 1));
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(CheckGoalTest, AShareNeedsSomethingToMeasureItBy) {
  const std::string videos = "environment { interest_evolution {} } ";
  EXPECT_EQ(GoalRefusal(videos), "");
  EXPECT_EQ(GoalRefusal(videos + "goal { share_of_optimum: 0.9 }"),
            "goal.share_of_optimum is 0.9, but the optimum of this environment is not known; want 0 (see "
            "goal.share_of_gap)");
  EXPECT_EQ(GoalRefusal(videos + "goal { share_of_gap: 0.9 }"), "");
  EXPECT_EQ(GoalRefusal("environment { known_q {} } goal { share_of_optimum: 0.9 }"), "");
}

TEST(CheckGoalTest, AnOptimumOfNothingHasNoShares) {
  const std::string nobody_accepts =
      "environment { document_browsing { num_documents: 2 acceptance: [0, 0, 0, 0] } } goal { share_of_optimum: 0.9 }";
  EXPECT_EQ(GoalRefusal(nobody_accepts),
            "goal.share_of_optimum is 0.9, but the optimum of this environment is 0, and shares are of what is more "
            "than 0; want 0 (see goal.share_of_gap)");
}

TEST(CheckGoalTest, WithoutExactValuesTheOptimumIsThatOfAPolicyThatPlays) {
  for (const std::string environment : {"known_q {}", "document_browsing {}", "long_term_satisfaction {}"}) {
    const std::string text = "environment { " + environment + " } goal { share_of_optimum: 0.9 } ";
    const v1::ExperimentConfig config = Experiment(text + "evaluator { exact: false }");
    const std::unique_ptr<Scenario> scenario = *MakeScenario(config.environment(), 1);
    const bool plays_optimum = scenario->MakeReferencePolicies().back().name == "optimal";
    EXPECT_EQ(CheckGoal(config, *scenario).ok(), plays_optimum) << environment;
    EXPECT_EQ(GoalRefusal(text), "") << environment;
  }
}

TEST(CheckGoalTest, WarnsOfALimitThatIsTooNear) {
  const std::string text = "environment { known_q {} } goal { share_of_optimum: 0.9 evaluations: 5 max_updates: ";
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(GoalRefusal(text + "59 }"), "");
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("goal.evaluations=5 at_most=4 goal.max_updates=59"));
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(GoalRefusal(text + "60 }"), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(CheckGoalTest, StopsWhileTheOptimumIsLookedFor) {
  v1::ExperimentConfig config;
  v1::DocumentBrowsingConfig& browsing = *config.mutable_environment()->mutable_document_browsing();
  browsing.set_num_documents(300);
  browsing.set_exit_probability_accepted(0);
  browsing.set_exit_probability_refused(0);
  browsing.set_max_episode_steps(1000000);
  config.mutable_goal()->set_share_of_optimum(0.9);
  const std::unique_ptr<Scenario> scenario = *MakeScenario(config.environment(), /*seed=*/1);
  int asked = 0;
  EXPECT_EQ(CheckGoal(config, *scenario, [&asked] { return ++asked >= 100; }).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 100);
}

}  // namespace
}  // namespace recbots
