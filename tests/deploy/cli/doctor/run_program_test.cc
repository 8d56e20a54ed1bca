#include "deploy/cli/doctor/run_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(60);

TEST(OutputOfTest, ReturnsWhatAProgramPrints) {
  EXPECT_EQ(OutputOf({"sh", "-c", "echo one; echo two; echo lost >&2"}, kPatience).value(), "one\ntwo\n");
  EXPECT_EQ(OutputOf({"/bin/sh", "-c", "cat"}, kPatience).value(), "") << "there is nothing to read";
}

TEST(OutputOfTest, TellsWhyThereIsNone) {
  EXPECT_EQ(OutputOf({"no-such-program"}, kPatience).status().code(), absl::StatusCode::kNotFound);
  const absl::Status failed = OutputOf({"sh", "-c", "exit 3"}, kPatience).status();
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(failed.message()), HasSubstr("sh ended with code 3"));
  const absl::Status killed = OutputOf({"sh", "-c", "kill -9 $$"}, kPatience).status();
  EXPECT_THAT(std::string(killed.message()), HasSubstr("ended by signal 9"));
}

TEST(OutputOfTest, EndsAProgramThatDoesNotEnd) {
  const absl::Status status = OutputOf({"sleep", "1000"}, absl::Milliseconds(50)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("sleep did not answer within 50ms"));
  EXPECT_FALSE(OutputOf({"yes"}, kPatience).ok()) << "it prints for ever";
}

}  // namespace
}  // namespace recbots
