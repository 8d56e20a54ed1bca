#include "deploy/cli/runs/run_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "deploy/cli/terminal/cells.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RunFolder MakeRun(const std::string& path, double value, double updates) {
  RunFolder run;
  run.path = path;
  run.stage = RunStage::kEnded;
  run.report = {{"value", value},      {"updates", updates},   {"ended_by", "all updates done"},
                {"share_of_gap", 0.5}, {"goal_reached", true}, {"wall_seconds", 65.0}};
  run.bytes = 2'500'000;
  return run;
}

std::vector<RunFolder> ThreeRuns() {
  RunFolder broken;
  broken.path = "runs/b";
  return {MakeRun("runs/c", 2, 300), broken, MakeRun("runs/a", 5, 100)};
}

std::string PathsBy(RunOrder order) {
  std::vector<RunFolder> runs = ThreeRuns();
  SortRuns(order, runs);
  return absl::StrCat(runs[0].path, " ", runs[1].path, " ", runs[2].path);
}

TEST(RunTableTest, SortsByWhatIsAskedFor) {
  EXPECT_EQ(PathsBy(RunOrder::kName), "runs/a runs/b runs/c");
  EXPECT_EQ(PathsBy(RunOrder::kValue), "runs/a runs/c runs/b");
  EXPECT_EQ(PathsBy(RunOrder::kUpdates), "runs/c runs/a runs/b");
  EXPECT_FALSE(ParseRunOrder("vlaue").ok());
}

TEST(RunTableTest, HasALineForEachRun) {
  const std::vector<std::string> lines = RunTable(ThreeRuns(), "runs", 140, false);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines[1], HasSubstr("c "));
  EXPECT_THAT(lines[1], HasSubstr("50.0 %"));
  EXPECT_THAT(lines[1], HasSubstr("1:05"));
  EXPECT_THAT(lines[1], HasSubstr("2.5 MB"));
  EXPECT_THAT(lines[1], HasSubstr("all updates done"));
  EXPECT_THAT(lines[2], HasSubstr("killed"));
}

TEST(RunTableTest, FitsEveryScreenAndHasNoColourUnasked) {
  for (const int columns : {20, 40, 80, 200}) {
    for (const std::string& line : RunTable(ThreeRuns(), "runs", columns, false)) {
      EXPECT_LE(CellsOf(line), columns);
      EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    }
  }
  EXPECT_THAT(RunTable(ThreeRuns(), "runs", 140, true)[2], HasSubstr("\x1b[31m"));
}

TEST(RunTableTest, IsTheSameAsJson) {
  const Json json = RunsJson(ThreeRuns());
  ASSERT_EQ(json.size(), 3U);
  EXPECT_EQ(json[0]["value"], 2.0);
  EXPECT_EQ(json[0]["bytes"], 2'500'000);
  EXPECT_EQ(json[1]["stage"], "broken");
  EXPECT_TRUE(json[1]["value"].is_null());
}

}  // namespace
}  // namespace recbots
