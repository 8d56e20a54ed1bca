#include "deploy/cli/terminal/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "deploy/cli/terminal/cells.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr absl::Duration kNotKnown = -absl::Seconds(1);

TEST(ProgressTest, SaysHowFarAndHowLong) {
  EXPECT_EQ(ProgressText("train", 0.5, absl::Seconds(75), absl::Seconds(75), 60),
            "train [###########...........]  50 %  1:15, about 1:15 left");
  EXPECT_EQ(ProgressText("train", -1, absl::Seconds(3725), kNotKnown, 60), "train  1:02:05");
  EXPECT_THAT(ProgressText("train", 0.999, absl::Seconds(1), kNotKnown, 60), HasSubstr(" 99 %"));
  EXPECT_THAT(ProgressText("train", 7, absl::Seconds(1), kNotKnown, 60), HasSubstr("100 %"));
}

TEST(ProgressTest, FitsEveryWidth) {
  for (int columns = 1; columns <= 120; ++columns) {
    const std::string text = ProgressText("simulate", 0.25, absl::Seconds(60), absl::Seconds(180), columns);
    EXPECT_LE(CellsOf(text), columns) << text;
    if (columns >= 34) {
      EXPECT_THAT(text, HasSubstr("about 3:00 left")) << columns;
    }
  }
  EXPECT_THAT(ProgressText("simulate", 0.25, absl::Seconds(60), absl::Seconds(180), 40), Not(HasSubstr("#")));
}

class ProgressLineTest : public ::testing::Test {
 protected:
  ProgressLineTest()
      : progress_(
            "work", 60, [this](const std::string& bytes) { written_ += bytes; }, clock_) {}

  // What was written since the last call.
  std::string Written() { return std::exchange(written_, ""); }

  FakeClock clock_;
  std::string written_;
  Progress progress_;
};

TEST_F(ProgressLineTest, EstimatesFromWhatWasDoneSinceTheFirstUpdate) {
  progress_.Update(0.5);  // It goes on from a checkpoint.
  EXPECT_THAT(Written(), Not(HasSubstr("left")));
  clock_.Advance(absl::Seconds(10));
  progress_.Update(0.6);
  EXPECT_THAT(Written(), HasSubstr(" 60 %  0:10, about 0:40 left"));
}

TEST_F(ProgressLineTest, IsWrittenAtMostTenTimesASecond) {
  progress_.Update(0.1);
  EXPECT_NE(Written(), "");
  clock_.Advance(absl::Milliseconds(99));
  progress_.Update(0.2);
  EXPECT_EQ(Written(), "");
  clock_.Advance(absl::Milliseconds(1));
  progress_.Update(0.2);
  EXPECT_NE(Written(), "");
}

TEST_F(ProgressLineTest, GivesTheLineAwayAndComesBack) {
  progress_.Update(0.1);
  Written();
  progress_.Clear();
  EXPECT_EQ(Written(), "\r\x1b[K");
  progress_.Clear();
  EXPECT_EQ(Written(), "");
  progress_.Update(0.1, "other work");
  EXPECT_THAT(Written(), HasSubstr("other work ["));
}

// Tests have no terminal at standard error, or one of an unknown kind: the line is for people.
TEST(ProgressWithoutTerminalTest, IsNeverWritten) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("work");
    EXPECT_FALSE(progress.shown());
    progress.Update(0.5);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace recbots
