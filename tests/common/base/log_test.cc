#include "common/base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/status_macros.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

TEST(LogTest, QuotesWhatWouldNotReadBackAsOneWord) {
  EXPECT_EQ(QuoteIfNeeded("plain"), "plain");
  EXPECT_EQ(QuoteIfNeeded("127.0.0.1:7001"), "127.0.0.1:7001");
  EXPECT_EQ(QuoteIfNeeded(""), "\"\"");
  EXPECT_EQ(QuoteIfNeeded("two words"), "\"two words\"");
  EXPECT_EQ(QuoteIfNeeded("say \"so\""), "\"say \\\"so\\\"\"");
  EXPECT_EQ(QuoteIfNeeded("two\nlines"), "\"two\\nlines\"");
}

TEST(LogTest, WritesOneLineWithLevelTimeRoleMessageAndFields) {
  SetLogRole("tester");
  ::testing::internal::CaptureStderr();
  RECBOTS_LOG(WARNING) << "peer away" << Field("address", std::string("[::1]:5")) << Field("reason", "timed out")
                       << Field("attempt", 3);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              MatchesRegex("W [0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z tester peer away address=\\[::1\\]:5 "
                           "reason=\"timed out\" attempt=3\n"));
}

TEST(LogTest, ChecksThatHoldEvaluateOnceAndSayNothing) {
  ::testing::internal::CaptureStderr();
  int evaluated = 0;
  RECBOTS_CHECK(++evaluated == 1) << "never shown";
  RECBOTS_CHECK_OK(absl::OkStatus());
  EXPECT_EQ(evaluated, 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(LogDeathTest, ChecksThatFailStopTheProcessAndNameTheCondition) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(RECBOTS_CHECK(1 + 1 == 3) << "sum", "check failed: 1 \\+ 1 == 3 sum");
  EXPECT_DEATH(RECBOTS_CHECK_OK(absl::NotFoundError("no such thing")), "no such thing");
}

absl::StatusOr<int> HalfOf(int number) {
  if (number % 2 != 0) return absl::InvalidArgumentError("odd");
  return number / 2;
}
absl::StatusOr<int> QuarterOf(int number) {
  RECBOTS_ASSIGN_OR_RETURN(const int half, HalfOf(number));
  RECBOTS_ASSIGN_OR_RETURN(const int quarter, HalfOf(half));
  RECBOTS_RETURN_IF_ERROR(quarter == 1 ? absl::OutOfRangeError("one") : absl::OkStatus());
  return quarter;
}

TEST(StatusMacrosTest, ReturnTheFirstErrorAndElseTheValue) {
  EXPECT_EQ(QuarterOf(12).value(), 3);
  EXPECT_EQ(QuarterOf(6).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(QuarterOf(4).status(), absl::OutOfRangeError("one"));
}

}  // namespace
}  // namespace recbots
