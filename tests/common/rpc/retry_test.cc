#include "common/rpc/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/base/instant.h"
#include "common/rpc/grpc_status.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

const absl::Status kAway = absl::UnavailableError("connection refused");

TEST(GrpcStatusTest, KeepsEveryCodeAndMessage) {
  for (int code = 1; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "why");
    const grpc::Status there = ToGrpcStatus(status);
    EXPECT_EQ(static_cast<int>(there.error_code()), code);
    EXPECT_EQ(FromGrpcStatus(there), status);
  }
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(RetryTest, BrokenConnectionsAreTransientAndRefusalsFinal) {
  for (const auto code : {absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded,
                          absl::StatusCode::kAborted, absl::StatusCode::kCancelled, absl::StatusCode::kUnknown,
                          absl::StatusCode::kInternal, absl::StatusCode::kResourceExhausted}) {
    EXPECT_TRUE(IsTransient(absl::Status(code, ""))) << absl::StatusCodeToString(code);
  }
  for (const auto code :
       {absl::StatusCode::kInvalidArgument, absl::StatusCode::kFailedPrecondition, absl::StatusCode::kUnimplemented,
        absl::StatusCode::kNotFound, absl::StatusCode::kPermissionDenied, absl::StatusCode::kDataLoss}) {
    EXPECT_FALSE(IsTransient(absl::Status(code, ""))) << absl::StatusCodeToString(code);
  }
}

TEST(PeerRetryTest, DelaysDoubleUpToTheLargestAndBeginAnewAfterSuccess) {
  FakeClock clock;
  PeerRetry retry("replay", "replay:7001", {.max_delay = absl::Seconds(1)}, &clock);
  for (int row = 0; row < 2; ++row) {
    for (const int milliseconds : {50, 100, 200, 400, 800, 1000, 1000}) {
      const auto delay = retry.Failed(kAway);
      ASSERT_TRUE(delay.ok());
      EXPECT_EQ(*delay, absl::Milliseconds(milliseconds));
      EXPECT_TRUE(retry.failing());
      clock.Advance(*delay);
    }
    retry.Succeeded();
    EXPECT_FALSE(retry.failing());
  }
}

TEST(PeerRetryTest, FinalStatusesComeBackAsTheyAre) {
  PeerRetry retry("learner", "learner:7002");
  const absl::Status refusal = absl::FailedPreconditionError("fingerprints differ");
  EXPECT_EQ(retry.Failed(refusal).status(), refusal);
}

TEST(PeerRetryTest, GivesUpAfterTheTimeAllowedAndNamesPeerAddressAndError) {
  FakeClock clock;
  PeerRetry retry("replay", "replay:7001", {.give_up_after = absl::Seconds(30)}, &clock);
  ASSERT_TRUE(retry.Failed(kAway).ok());
  clock.Advance(absl::Seconds(29));
  ASSERT_TRUE(retry.Failed(kAway).ok());
  clock.Advance(absl::Seconds(1));
  const absl::Status status = retry.Failed(kAway).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("replay at replay:7001"), HasSubstr("30s"), HasSubstr("connection refused")));
}

// Times at which a peer that is away for 20 s makes PeerRetry write.
TEST(PeerRetryTest, SpeaksWithinTwoSecondsThenEveryFiveAndAtRecovery) {
  FakeClock clock;
  PeerRetry retry("replay", "replay:7001", {}, &clock);
  const Instant start = clock.Now();
  std::vector<absl::Duration> said;
  while (clock.Now() - start < absl::Seconds(20)) {
    CaptureStderr();
    const auto delay = retry.Failed(kAway);
    if (!GetCapturedStderr().empty()) said.push_back(clock.Now() - start);
    ASSERT_TRUE(delay.ok());
    clock.Advance(*delay);
  }
  ASSERT_GE(said.size(), 4u);
  EXPECT_LE(said[0], absl::Seconds(2));
  for (size_t i = 1; i < said.size(); ++i) {
    EXPECT_GE(said[i] - said[i - 1], absl::Seconds(5));
    EXPECT_LE(said[i] - said[i - 1], absl::Seconds(6));
  }
  CaptureStderr();
  retry.Succeeded();
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("replay at replay:7001 is back after 2"));
}

TEST(PeerRetryTest, ShowsThatThePeerIsAwayUntilItIsBack) {
  FakeClock clock;
  WaitBoard board(clock);
  {
    PeerRetry retry("learner", "127.0.0.1:7002", {.give_up_after = absl::Seconds(600), .waits = &board}, &clock);
    EXPECT_THAT(board.waits(), IsEmpty());
    ASSERT_TRUE(retry.Failed(kAway).ok());
    clock.Advance(absl::Seconds(42));
    ASSERT_TRUE(retry.Failed(kAway).ok());
    ASSERT_EQ(board.waits().size(), 1u);
    EXPECT_EQ(DescribeWait(board.waits()[0]), "the learner to come back at 127.0.0.1:7002, for 42 s");
    EXPECT_EQ(board.waits()[0].left, absl::Seconds(558));
    EXPECT_EQ(board.waits()[0].kind, WaitKind::kBackground);
    retry.Succeeded();
    EXPECT_THAT(board.waits(), IsEmpty());
    ASSERT_TRUE(retry.Failed(kAway).ok());
    EXPECT_EQ(board.waits().size(), 1u);
  }
  EXPECT_THAT(board.waits(), IsEmpty()) << "nobody follows the peer any more";
}

TEST(PeerRetryTest, BlipsPassInSilence) {
  FakeClock clock;
  PeerRetry retry("replay", "replay:7001", {}, &clock);
  CaptureStderr();
  ASSERT_TRUE(retry.Failed(kAway).ok());
  clock.Advance(absl::Milliseconds(50));
  retry.Succeeded();
  retry.Succeeded();
  EXPECT_THAT(GetCapturedStderr(), IsEmpty());
}

TEST(PeerRetryTest, AnAttemptThatRanIntoItsDeadlineIsWorthALineAtOnce) {
  FakeClock clock;
  PeerRetry retry("replay", "replay:7001", {}, &clock);
  CaptureStderr();
  ASSERT_TRUE(retry.Failed(absl::DeadlineExceededError("no answer")).ok());
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("replay at replay:7001 is away"));
}

}  // namespace
}  // namespace recbots
