#include "learner/group/group_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

GroupTerms Terms(int learners = 3) {
  GroupTerms terms = {learners, "1.0/abc", {}};
  terms.run.set_config("seed: 1");
  return terms;
}

GroupHello Hello(uint64_t process, int rank = -1) {
  return {.process = process, .rank = rank, .terms = Terms(), .peer = absl::StrCat("peer", process)};
}

class GroupBoardTest : public ::testing::Test {
 protected:
  GroupBoard board_{
      Terms(), [](const v1::RunManifest& there) { return there.config() == "seed: 1" ? "" : "seed: 2 there, 1 here"; }};
  const Instant now_ = Instant::Now();
};

TEST_F(GroupBoardTest, IsCompleteWhenAllAreThere) {
  EXPECT_FALSE(board_.AwaitComplete(now_));
  const auto first = board_.Join(Hello(10), now_);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->rank, 1);
  EXPECT_EQ(first->joined, 2);
  EXPECT_FALSE(first->complete);
  const auto second = board_.Join(Hello(20), now_);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->rank, 2);
  EXPECT_TRUE(second->complete);
  EXPECT_TRUE(board_.AwaitComplete(now_));
  EXPECT_TRUE(board_.Join(Hello(10), now_)->complete) << "it asks again, and keeps its rank";
  EXPECT_EQ(board_.Join(Hello(10), now_)->rank, 1);
  EXPECT_EQ(board_.place(now_).joined, 3);
  EXPECT_THAT(board_.peers(), ElementsAre("peer10", "peer20"));
  EXPECT_EQ(board_.Join(Hello(30), now_).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(GroupBoardTest, AGroupOfOneIsComplete) {
  EXPECT_TRUE(GroupBoard(Terms(1), [](const v1::RunManifest&) { return ""; }).AwaitComplete(now_));
}

TEST_F(GroupBoardTest, RanksThatAreAskedForAreGiven) {
  EXPECT_EQ(board_.Join(Hello(10, 2), now_)->rank, 2);
  const absl::Status taken = board_.Join(Hello(20, 2), now_).status();
  EXPECT_EQ(taken.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(taken.message()), AllOf(HasSubstr("rank 2"), HasSubstr("peer10")));
  EXPECT_EQ(board_.Join(Hello(20), now_)->rank, 1) << "the one that is free";
}

TEST_F(GroupBoardTest, ALearnerThatIsSilentHasLeft) {
  EXPECT_EQ(board_.Join(Hello(10, 1), now_)->rank, 1);
  const Instant later = now_ + GroupBoard::kSilence + absl::Seconds(1);
  EXPECT_EQ(board_.place(later).joined, 1);
  const auto other = board_.Join(Hello(20, 1), later);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(other->joined, 2);
}

TEST_F(GroupBoardTest, OtherTermsAreRefusedByName) {
  const auto refused = [&](const GroupHello& hello) {
    const absl::Status status = board_.Join(hello, now_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    return std::string(status.message());
  };
  GroupHello hello = Hello(10, 1);
  hello.terms.learners = 2;
  EXPECT_THAT(refused(hello), AllOf(HasSubstr("rank 1 at peer10"), HasSubstr("--learners=2, want 3")));
  hello = Hello(10);
  hello.terms.build = "1.0/def";
  EXPECT_THAT(refused(hello), HasSubstr("build 1.0/def, want 1.0/abc"));
  hello = Hello(10);
  hello.terms.run.set_config("seed: 2");
  EXPECT_THAT(refused(hello), AllOf(HasSubstr("another experiment"), HasSubstr("seed: 2 there, 1 here")));
  for (const int rank : {0, 3}) {
    EXPECT_THAT(refused(Hello(10, rank)), HasSubstr(absl::StrCat("rank ", rank, ", want 1..2")));
  }
  EXPECT_EQ(board_.place(now_).joined, 1);
}

TEST_F(GroupBoardTest, ValuesAreKeptWithinTheirBounds) {
  EXPECT_EQ(board_.Get("a", now_).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(board_.Set("a", "1").ok());
  EXPECT_TRUE(board_.Set("a", "2").ok());
  EXPECT_EQ(board_.Get("a", now_).value(), "2");
  const std::string long_key(GroupStore::kMaxKeyBytes + 1, 'k'), long_value(GroupStore::kMaxValueBytes + 1, 'v');
  EXPECT_EQ(board_.Set(long_key, "1").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(board_.Set("b", long_value).code(), absl::StatusCode::kInvalidArgument);
  const std::string large(GroupStore::kMaxValueBytes, 'v');
  for (int i = 0; i < 15; ++i) ASSERT_TRUE(board_.Set(absl::StrCat("large", i), large).ok());
  EXPECT_TRUE(board_.Set("large0", large).ok()) << "instead of the one that was there";
  EXPECT_EQ(board_.Set("large15", large).code(), absl::StatusCode::kInvalidArgument)
      << "one byte too many: there is another value";
  for (size_t i = 16; i < GroupStore::kMaxKeys; ++i) ASSERT_TRUE(board_.Set(absl::StrCat("k", i), "").ok());
  EXPECT_EQ(board_.Set("b", "1").code(), absl::StatusCode::kInvalidArgument);
}

TEST(ThisBuildTest, IsThatOfTheRunningProgram) {
  EXPECT_EQ(ThisBuild(), ThisBuild());
  EXPECT_THAT(ThisBuild(), ::testing::Not(HasSubstr("unknown")));
}

}  // namespace
}  // namespace recbots
