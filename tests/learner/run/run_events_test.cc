#include "learner/run/run_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/role/run_directory.h"
#include "tests/learner/run/make_evaluation.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class RunEventsTest : public ::testing::Test {
 protected:
  static StatusLine LineAt(int64_t updates) {
    StatusLine line;
    line.counters = {.env_steps = 4 * updates, .updates = updates, .wall_seconds = 0.1};
    line.updates_per_second = 1e9 / 3;
    line.losses = {{"q_loss", 0.25}};
    return line;
  }
  std::string Table() const { return ReadFile(folder_.Path(kMetricsFile)).value_or(""); }
  // The cells of the first column, without its name.
  std::vector<std::string> Updates() const {
    std::vector<std::string> updates;
    for (const absl::string_view line : absl::StrSplit(Table(), '\n', absl::SkipEmpty())) {
      updates.emplace_back(line.substr(0, line.find(',')));
    }
    updates.erase(updates.begin());
    return updates;
  }
  size_t NumEventFiles() const {
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_.Path(kEventsFolder))) ++files;
    return files;
  }

  const testing::TempFolder folder_;
};

TEST_F(RunEventsTest, ATableHasALineForEachStatusPeriod) {
  RunEvents events(folder_.path(), "name: \"x\"", 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.Path(kMetricsFile))) << "columns are known with the first line";
  events.OnStatus(LineAt(20));
  StatusLine evaluated = LineAt(41);
  evaluated.evaluation.emplace();
  evaluated.evaluation->set_value(8.5);
  events.OnStatus(evaluated);
  const std::vector<std::string> lines = absl::StrSplit(Table(), '\n');
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[0], absl::StrCat(absl::StrJoin(MetricsColumns(), ","), ",loss.q_loss"));
  EXPECT_THAT(lines[1], HasSubstr("20,80,0.1,333333333.3333333,0,")) << "numbers that are read as they were";
  EXPECT_THAT(lines[1], HasSubstr(",,,,0.25"));
  EXPECT_THAT(lines[2], HasSubstr(",8.5,0,"));
  EXPECT_EQ(lines[3], "");
  const size_t columns = MetricsColumns().size() + 1;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(std::vector<std::string>(absl::StrSplit(lines[i], ',')), SizeIs(columns)) << lines[i];
  }
}

TEST_F(RunEventsTest, ARunThatGoesOnContinuesTheTableWhereItIs) {
  {
    RunEvents events(folder_.path(), "", 0);
    for (const int64_t updates : {20, 40, 60}) events.OnStatus(LineAt(updates));
  }
  RunEvents events(folder_.path(), "", 45);
  events.OnStatus(LineAt(50));
  EXPECT_THAT(Updates(), ElementsAre("20", "40", "50"));
  EXPECT_GE(NumEventFiles(), 1u);
}

// As after another version, or of another algorithm.
TEST_F(RunEventsTest, ATableOfOtherColumnsBeginsAgain) {
  ASSERT_TRUE(WriteFile(folder_.Path(kMetricsFile), "updates,colour\n20,red\n").ok());
  RunEvents events(folder_.path(), "", 45);
  events.OnStatus(LineAt(50));
  EXPECT_THAT(Updates(), ElementsAre("50"));
}

TEST_F(RunEventsTest, WithoutARunDirectoryNothingIsWritten) {
  RunEvents events("", "", 0);
  events.OnStatus(LineAt(20));
  events.OnEvaluation({});
}

TEST_F(RunEventsTest, AFullDiskEndsNothing) {
  RunEvents events(folder_.path(), "", 0);
  events.OnStatus(LineAt(20));
  {
    const testing::FileSizeLimit full(1);
    events.OnStatus(LineAt(40));
    events.OnEvaluation({});
  }
  events.OnStatus(LineAt(60));
  EXPECT_THAT(Updates(), ElementsAre("20")) << "whole lines, and nothing behind a gap";
}

TEST_F(RunEventsTest, EveryColumnIsDocumented) {
  const std::string formats = ReadFile(absl::StrCat(testing::SourceDir(), "/docs/formats.md")).value_or("");
  for (const std::string& column : MetricsColumns()) EXPECT_THAT(formats, HasSubstr(absl::StrCat("`", column, "`")));
}

TEST_F(RunEventsTest, PicturesComeWithEachTenthMoreUpdates) {
  RunEvents events(folder_.path(), "name: \"x\"", 0);
  const std::vector<NamedTensor> tensors = {{"w", {2}, {1, 2}}};
  int pictures = 0;
  for (int64_t updates = 0; updates < 1'000'000; updates += 10) {
    if (!events.WantsPicture(updates)) continue;
    ++pictures;
    const Picture picture{1, 1, "rgb"};
    events.OnWeights(updates, tensors, &picture);
    EXPECT_FALSE(events.WantsPicture(updates));
  }
  EXPECT_GT(pictures, 80);
  EXPECT_LT(pictures, 140) << "ln(100,000) / ln(1.1) = 121";
  EXPECT_FALSE(RunEvents("", "", 0).WantsPicture(0)) << "nothing is written";
}

}  // namespace
}  // namespace recbots
