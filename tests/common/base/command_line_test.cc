#include "common/base/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::vector<FlagSpec> kFlags = {
    {"set", "FIELD=VALUE", "override", ""}, {"run_dir", "DIR", "folder", "runs"}, {"keep", "", "go on", ""}};

TEST(CommandLineTest, KeepsEveryValueAndThePositions) {
  const auto line = CommandLine::Parse({"a.textproto", "--set=x=1,2", "--set", "y=3", "--keep", "b"}, kFlags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->values("set"), ElementsAre("x=1,2", "y=3"));
  EXPECT_EQ(line->value("set"), "y=3");
  EXPECT_THAT(line->positional(), ElementsAre("a.textproto", "b"));
  EXPECT_TRUE(line->has("keep"));
  EXPECT_FALSE(line->has("run_dir"));
  EXPECT_EQ(line->value("run_dir"), "runs");
}

TEST(CommandLineTest, TakesDashesForUnderscoresAndStopsAtTwoDashes) {
  const auto line = CommandLine::Parse({"--run-dir=d", "--", "--keep"}, kFlags);
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->value("run_dir"), "d");
  EXPECT_FALSE(line->has("keep"));
  EXPECT_THAT(line->positional(), ElementsAre("--keep"));
}

TEST(CommandLineTest, RefusesWhatItDoesNotKnow) {
  const auto unknown = CommandLine::Parse({"--sett=1"}, kFlags).status();
  EXPECT_EQ(unknown.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.message()), AllOf(HasSubstr("--sett"), HasSubstr("--run_dir")));
  EXPECT_FALSE(CommandLine::Parse({"--run_dir"}, kFlags).ok());
  EXPECT_FALSE(CommandLine::Parse({"--keep=yes"}, kFlags).ok());
}

}  // namespace
}  // namespace recbots
