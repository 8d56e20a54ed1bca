#include "learner/run/results.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "common/base/file.h"
#include "tests/learner/run/make_evaluation.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::MakeEvaluation;
using ::testing::StartsWith;

class SaveResultsTest : public ::testing::Test {
 protected:
  // A run of 90 updates that has reached its goal.
  static RunResults Results(absl::StatusOr<std::string> weights) {
    v1::GoalConfig config;
    config.set_share_of_optimum(0.999);
    config.set_evaluations(1);
    GoalTracker goal(config);
    goal.OnEvaluation(MakeEvaluation(4, 10), 4);
    return {{"browse", 42, Ending::kShareReached, {5000, 90, 4.5}, 7.9}, goal, std::move(weights), absl::OkStatus()};
  }
  nlohmann::json Report() const {
    return nlohmann::json::parse(ReadFile(folder_.Path("report.json")).value_or(""), nullptr, false);
  }
  std::string Weights() const { return ReadFile(folder_.Path("weights.bin")).value_or("(none)"); }

  const testing::TempFolder folder_;
};

TEST_F(SaveResultsTest, WritesWeightsAndReport) {
  EXPECT_TRUE(SaveResults(folder_.path(), Results("weights")).ok());
  EXPECT_EQ(Weights(), "weights");
  EXPECT_EQ(Report()["goal_reached"], true);
  EXPECT_EQ(Report()["weights_saved"], true);
  EXPECT_EQ(Report()["ended_by"], "share of optimum reached");
}

TEST_F(SaveResultsTest, WithoutADirectoryNothingIsWritten) {
  EXPECT_TRUE(SaveResults("", Results("weights")).ok());
  EXPECT_FALSE(std::filesystem::exists("/weights.bin"));
}

TEST_F(SaveResultsTest, SaysWhatCouldNotBeSavedBehindHowTheRunEnded) {
  const testing::FileSizeLimit limit(4000);  // The report fits.
  const absl::Status status = SaveResults(folder_.path(), Results(std::string(5000, 'w')));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(StartsWith("goal reached: 100.00 % of the optimum"), HasSubstr("after 90 updates, 5000 env steps, 4.5 s"),
            HasSubstr(std::string(kNotSaved) + "cannot write '" + folder_.Path("weights.bin") + "': File too large")));
  EXPECT_EQ(Weights(), "(none)");
  EXPECT_EQ(Report()["weights_saved"], false);
}

TEST_F(SaveResultsTest, NeitherFileIsThereOnAFullDisk) {
  const testing::FileSizeLimit full(0);
  EXPECT_FALSE(SaveResults(folder_.path(), Results("weights")).ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(SaveResultsTest, WeightsThatAreNotFiniteAreNotKept) {
  const absl::Status status = SaveResults(folder_.path(), Results(absl::InvalidArgumentError("critic[3] is nan")));
  EXPECT_THAT(std::string(status.message()), HasSubstr("no weights.bin is kept: critic[3] is nan"));
  EXPECT_EQ(Weights(), "(none)");
  EXPECT_EQ(Report()["weights_saved"], false);
}

TEST_F(SaveResultsTest, ACurveThatIsNotWholeIsSaid) {
  RunResults results = Results("weights");
  results.curve = absl::ResourceExhaustedError("cannot write 'evaluations.jsonl': No space left on device");
  EXPECT_THAT(std::string(SaveResults(folder_.path(), results).message()), HasSubstr("evaluations.jsonl"));
  EXPECT_EQ(Weights(), "weights");
  EXPECT_EQ(Report()["weights_saved"], true);
}

TEST_F(SaveResultsTest, TheReportSaysWhichErrorEndedTheRun) {
  RunResults results = Results("weights");
  results.report.ending = Ending::kNotYet;
  results.report.error = "replay was away for 600 s";
  EXPECT_TRUE(SaveResults(folder_.path(), results).ok());
  EXPECT_EQ(Report()["ended_by"], "error: replay was away for 600 s");
  EXPECT_EQ(Report()["goal_reached"], false);
  EXPECT_THAT(FormatVerdict(results.report, results.goal), StartsWith("ended by an error: "));
}

TEST(JoinErrorsTest, KeepsBothAndWhatTheFirstOneIsMarkedWith) {
  absl::Status ended = absl::UnavailableError("replay is away");
  const absl::Status saved = absl::ResourceExhaustedError("the disk is full");
  EXPECT_TRUE(JoinErrors(absl::OkStatus(), absl::OkStatus()).ok());
  EXPECT_EQ(JoinErrors(ended, absl::OkStatus()), ended);
  EXPECT_EQ(JoinErrors(absl::OkStatus(), saved), saved);
  ended.SetPayload("mark", absl::Cord("x"));
  const absl::Status both = JoinErrors(ended, saved);
  EXPECT_EQ(both.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(both.message(), "replay is away; the disk is full");
  EXPECT_TRUE(both.GetPayload("mark").has_value());
}

}  // namespace
}  // namespace recbots
