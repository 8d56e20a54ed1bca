// Learners that join over gRPC, as processes do.
#include "learner/client/group_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "common/base/thread.h"
#include "common/rpc/rpc_server.h"
#include "learner/service/group_service.h"
#include "tests/common/rpc/test_certificates.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TestCertificates;

Instant Soon() { return Instant::Now() + absl::Seconds(30); }

GroupTerms Terms(int learners) { return {learners, "1.0/abc", {}}; }

class GroupClientTest : public ::testing::Test {
 protected:
  void Serve(int learners, std::shared_ptr<const Security> security = nullptr) {
    board_ = std::make_unique<GroupBoard>(Terms(learners), [](const v1::RunManifest&) { return ""; });
    service_ = std::make_unique<GroupService>(*board_, security);
    auto server = RpcServer::Start({.address = "127.0.0.1:0", .security = security}, {service_.get()});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    client_ = std::make_unique<GroupClient>(server_->address(), security);
  }
  static bool GoOn(int) { return true; }

  std::unique_ptr<GroupBoard> board_;
  std::unique_ptr<GroupService> service_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<GroupClient> client_;
};

TEST_F(GroupClientTest, JoinsAndWaitsUntilAllAreThere) {
  Serve(3);
  std::atomic<int> seen = 0, rank = 0;
  Thread other("other", [&] {
    GroupClient client(server_->address());
    const auto place = client.Join({.process = 1, .rank = 2, .terms = Terms(3)}, {}, [&](int joined) {
      seen = joined;
      return true;
    });
    if (place.ok()) rank = place->rank;
  });
  while (seen == 0) absl::SleepFor(absl::Milliseconds(2));  // The first is there, and not all.
  EXPECT_EQ(seen, 2);
  const auto place = client_->Join({.process = 2, .terms = Terms(3)}, {}, GoOn);
  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->rank, 1);
  EXPECT_TRUE(board_->AwaitComplete(Soon()));
  const Instant deadline = Soon();
  while (rank == 0 && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(2));
  EXPECT_EQ(rank, 2);
}

TEST_F(GroupClientTest, HearsWhyItMayNotJoin) {
  Serve(3);
  const absl::Status status = client_->Join({.process = 1, .terms = Terms(2)}, {}, GoOn).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("--learners=2, want 3"));
}

TEST_F(GroupClientTest, EndsWhenItIsToldTo) {
  Serve(2);
  const auto place = client_->Join({.process = 1, .terms = Terms(2)}, {}, [](int) { return false; });
  EXPECT_EQ(place.status().code(), absl::StatusCode::kCancelled);
}

TEST_F(GroupClientTest, GivesUpWhenNobodyLeads) {
  GroupClient nobody("127.0.0.1:1");
  const auto place = nobody.Join({.process = 1, .terms = Terms(2)}, {.give_up_after = absl::Milliseconds(200)}, GoOn);
  EXPECT_EQ(place.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(place.status().message()), AllOf(HasSubstr("rank 0"), HasSubstr("127.0.0.1:1")));
}

TEST_F(GroupClientTest, SharesValuesOfAnyBytes) {
  Serve(2);
  const std::string bytes("\0\xff\n", 3);
  ASSERT_TRUE(client_->Set("here", bytes).ok());
  EXPECT_EQ(board_->Get("here", Soon()).value(), bytes);
  ASSERT_TRUE(board_->Set("there", bytes).ok());
  EXPECT_EQ(client_->Get("there", Soon()).value(), bytes);
  EXPECT_EQ(client_->Get("nothing", Instant::Now()).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(GroupClientTest, WantsTheToken) {
  TestCertificates certificates;
  Serve(2, certificates.Make("role", "ca", "token"));
  EXPECT_TRUE(client_->Set("a", "b").ok());
  GroupClient stranger(server_->address(), certificates.Make("role", "ca", "other_token"));
  EXPECT_EQ(stranger.Set("a", "c").code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(stranger.Get("a", Soon()).status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(stranger.Join({.process = 1, .terms = Terms(2)}, {}, GoOn).status().code(),
            absl::StatusCode::kUnauthenticated);
}

}  // namespace
}  // namespace recbots
