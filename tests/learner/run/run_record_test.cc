#include "learner/run/run_record.h"

#include <gmock/gmock.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/inference/weights.h"
#include "common/inference/weights_identity.h"
#include "common/wire/experiment_identity.h"
#include "learner/run/report.h"
#include "tests/learner/run/make_evaluation.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using testing::MakeEvaluation;
using ::testing::StartsWith;

v1::ExperimentConfig MakeConfig() {
  v1::ExperimentConfig config;
  config.set_name("browse");
  config.set_seed(42);
  config.mutable_goal()->set_share_of_optimum(0.9);
  config.mutable_goal()->set_evaluations(1);
  return config;
}

v1::ExperimentIdentity TestIdentity() { return MakeIdentity({{"environment.size", "3"}}); }

RunEnd MakeEnd(const absl::Status& error = absl::OkStatus()) {
  return {.ending = error.ok() ? Ending::kShareReached : Ending::kNotYet,
          .error = error,
          .samples_per_insert = 7.5,
          .losses = {{"critic_loss", 0.25}},
          .weights = EncodeTensors({NamedTensor{"w", {2}, {1, 2}}})};
}

class RunRecordTest : public ::testing::Test {
 protected:
  std::string Content(const std::string& name) const { return ReadFile(folder_.Path(name)).value_or("(none)"); }

  const testing::TempFolder folder_;
};

TEST_F(RunRecordTest, KeepsTheWholeRunInItsDirectory) {
  RunRecord record(MakeConfig(), folder_.path());
  ASSERT_TRUE(record.Claim("recbots test").ok());
  EXPECT_EQ(Content(kConfigFile), "(none)") << "nothing is written before the run begins";
  ASSERT_TRUE(record.Begin("the configuration", TestIdentity()).ok());
  EXPECT_EQ(Content(kConfigFile), "the configuration");
  EXPECT_TRUE(record.OnEvaluation(MakeEvaluation(1, 5)));
  EXPECT_TRUE(record.OnEvaluation(MakeEvaluation(2, 9.5)));
  EXPECT_FALSE(record.OnEvaluation(MakeEvaluation(2, 9.5))) << "seen already";
  const std::vector<std::string> lines = absl::StrSplit(Content(kCurveFile), '\n');
  EXPECT_EQ(lines.size(), 3u) << "two, and nothing behind the last";
  record.state().SetUpdates(40);
  record.state().SetEnvSteps(200);
  ASSERT_TRUE(record.Save(MakeEnd()).ok());
  EXPECT_EQ(record.report().end.updates, 40);
  EXPECT_EQ(record.report().seed, 42u);
  const SavedReport saved = ReadReport(folder_.path()).value();
  EXPECT_TRUE(saved.goal_reached);
  EXPECT_EQ(saved.end.env_steps, 200);
  EXPECT_EQ(saved.identity, FingerprintText(TestIdentity().fingerprint()));
  EXPECT_EQ(DecodeIdentity(Content(kWeightsFile))->fingerprint(), TestIdentity().fingerprint());
}

TEST_F(RunRecordTest, AnEarlierRunIsPutAsideAndAnotherOneRefused) {
  {
    RunRecord first(MakeConfig(), folder_.path());
    ASSERT_TRUE(first.Claim("recbots test").ok());
    ASSERT_TRUE(first.Begin("first", TestIdentity()).ok());
    ASSERT_TRUE(first.Save(MakeEnd()).ok());
    RunRecord beside(MakeConfig(), folder_.path());
    EXPECT_TRUE(absl::IsFailedPrecondition(beside.Claim("recbots test")));
  }
  RunRecord second(MakeConfig(), folder_.path());
  ASSERT_TRUE(second.Claim("recbots test").ok());
  ASSERT_TRUE(second.Begin("second", TestIdentity()).ok());
  EXPECT_EQ(Content(kReportFile), "(none)");
  EXPECT_EQ(Content("previous/config.textproto"), "first");
}

TEST_F(RunRecordTest, WhatEndedTheRunBeforeItsTimeIsInTheReport) {
  RunRecord record(MakeConfig(), folder_.path());
  ASSERT_TRUE(record.Claim("recbots test").ok());
  ASSERT_TRUE(record.Begin("", TestIdentity()).ok());
  ASSERT_TRUE(record.Save(MakeEnd(absl::UnavailableError("replay was away"))).ok());
  EXPECT_THAT(Content(kReportFile), HasSubstr("error: replay was away"));
  EXPECT_THAT(FormatEnd(ReadReport(folder_.path()).value()), StartsWith("goal NOT reached: not evaluated after 0 upd"));
}

TEST_F(RunRecordTest, WithoutADirectoryItOnlyCounts) {
  RunRecord record(MakeConfig(), "");
  ASSERT_TRUE(record.Claim("recbots test").ok());
  ASSERT_TRUE(record.Begin("", TestIdentity()).ok());
  EXPECT_TRUE(record.OnEvaluation(MakeEvaluation(1, 9.5)));
  EXPECT_TRUE(record.Save(MakeEnd()).ok());
  EXPECT_EQ(record.state().Check(), Ending::kShareReached);
  EXPECT_EQ(record.report().losses.size(), 1u);
}

TEST_F(RunRecordTest, ReadsNoReportFromOtherFiles) {
  EXPECT_TRUE(absl::IsNotFound(ReadReport(folder_.path()).status()));
  for (const std::string text : {"", "[]", "{}", R"({"wall_seconds":"long"})"}) {
    ASSERT_TRUE(WriteFile(folder_.Path(kReportFile), text).ok());
    EXPECT_TRUE(absl::IsInvalidArgument(ReadReport(folder_.path()).status())) << text;
  }
  ASSERT_TRUE(WriteFile(folder_.Path(kReportFile), R"({"wall_seconds":3,"updates":"many","losses":[1]})").ok());
  const SavedReport report = ReadReport(folder_.path()).value();
  EXPECT_FALSE(report.goal_reached);
  EXPECT_EQ(report.end.wall_seconds, 3);
  EXPECT_EQ(report.end.updates, 0);
  EXPECT_FALSE(report.at_999.has_value());
}

}  // namespace
}  // namespace recbots
