// What programs print on a full disk, or to a reader that has gone away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/workshop.h"

namespace recbots {
namespace {

using testing::FileContent;
using ::testing::HasSubstr;
using testing::Outcome;
using ::testing::SizeIs;
using testing::Workshop;

class LostOutputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { workshop_ = new Workshop(); }
  static void TearDownTestSuite() { delete workshop_; }

  // Of everything that people call, with what it needs; each prints something and ends with 0.
  static std::vector<std::string> CommandsThatPrint() {
    const std::string browse = "deploy/config/browse.textproto";
    std::vector<std::string> commands = {
        "recbots help",
        "recbots version",
        "recbots simulate " + browse + " --episodes=10",
        "recbots simulate " + browse + " --list-policies",
        "recbots bench --list",
        "recbots bench slate --list",
        "recbots bench slate/n10_k3 --window=0.001 --windows=1",
        "recbots bench updates --window=0.001 --windows=1",
        "recbots reproduce slateq --list",
        "recbots train " + browse + " --set goal.share_of_optimum=0 --set goal.max_updates=60 --quiet",
        "recbots cluster " + browse + " --run_dir=lost",
        "recbots health " + workshop_->server(),
        "recbots inspect " + workshop_->server() + " --interval=0",
        "recbots inspect " + workshop_->server() + " --interval=0 --json",
        "recbots inspect " + workshop_->server() + " --checkpoint",
        "recbots inspect " + workshop_->server() + " --set_limiter=min_size=900 --json",
        "recbots inspect " + workshop_->checkpoint(),
        "recbots inspect " + workshop_->checkpoint() + " --dump=3",
        "recbots inspect " + workshop_->checkpoint() + " --dump=all"};
    for (const char* command :
         {"cluster", "train", "simulate", "reproduce", "bench", "inspect", "health", "doctor", "version"}) {
      commands.push_back(absl::StrCat("recbots ", command, " --help"));
    }
    for (const char* role : {"replay", "learner", "actor", "evaluator"}) {
      commands.push_back(absl::StrCat("recbots-", role, " --help"));
    }
    return commands;
  }

  static Workshop* workshop_;
};
Workshop* LostOutputTest::workshop_ = nullptr;

TEST_F(LostOutputTest, AFullDiskIsAFailureOfEveryCommand) {
  for (const std::string& command : CommandsThatPrint()) {
    const Outcome outcome = workshop_->Run(command + " > /dev/full");
    EXPECT_EQ(outcome.exit_code, 1) << command << "\n" << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr("recbots: cannot write to standard output: No space left on device"))
        << command;
  }
}

TEST_F(LostOutputTest, AReaderThatWentAwayIsNoFailureOfAnyCommand) {
  for (const std::string& command : CommandsThatPrint()) {
    // The reader is gone before anything is written.
    const Outcome outcome = workshop_->Run(command + " | true; exit ${PIPESTATUS[0]}");
    EXPECT_EQ(outcome.exit_code, 0) << command << "\n" << outcome.output;
    EXPECT_THAT(outcome.output, ::testing::Not(HasSubstr("standard output"))) << command;
  }
}

TEST_F(LostOutputTest, ARunThatNobodyReadsAnyMoreStillWritesItsResults) {
  const Outcome outcome = workshop_->Run(
      "recbots train deploy/config/browse.textproto --run_dir=unread --set learner.status_seconds=0.05 "
      "--set goal.share_of_optimum=0 --set goal.max_updates=1500 | head -1; exit ${PIPESTATUS[0]}");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  const auto report = nlohmann::json::parse(FileContent(workshop_->Path("unread/report.json")));
  EXPECT_EQ(report["updates"], 1500);
  EXPECT_TRUE(std::filesystem::exists(workshop_->Path("unread/weights.bin")));
}

TEST_F(LostOutputTest, AReaderMayTakeSomeRowsOfMany) {
  const Outcome outcome =
      workshop_->Run("recbots inspect " + workshop_->checkpoint() + " --dump=all | head -2; exit ${PIPESTATUS[0]}");
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  const std::vector<std::string> lines = absl::StrSplit(outcome.output, '\n', absl::SkipEmpty());
  ASSERT_THAT(lines, SizeIs(2));
  for (const std::string& line : lines) EXPECT_TRUE(nlohmann::json::parse(line, nullptr, false).is_object()) << line;
}

TEST_F(LostOutputTest, NoFileGetsWhatWasPrintedToAClosedOutput) {
  const Outcome outcome =
      workshop_->Run("recbots simulate deploy/config/browse.textproto --episodes=10 --output=report.json >&-");
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.output, HasSubstr("recbots: cannot write to standard output: Bad file descriptor"));
  EXPECT_TRUE(nlohmann::json::parse(FileContent(workshop_->Path("report.json")), nullptr, false).is_object());
}

}  // namespace
}  // namespace recbots
