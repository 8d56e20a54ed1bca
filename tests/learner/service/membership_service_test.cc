// Leases over the wire: the service and its table, LeaseKeeper and plain gRPC clients.
#include "learner/service/membership_service.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/rpc_server.h"
#include "learner/client/lease_keeper.h"
#include "tests/common/rpc/test_certificates.h"
#include "tests/learner/members/make_report.h"
#include "tests/learner/service/test_learner.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using testing::MakeReport;
using testing::Soon;
using testing::TestCertificates;
using testing::TestLearner;

// The learner's side. Reports are due every few milliseconds, and time stands still for the states.
struct Members {
  explicit Members(const std::string& address = "127.0.0.1:0", std::shared_ptr<const Security> security = {})
      : service(table, security) {
    auto started = RpcServer::Start({.address = address, .security = security}, {&service});
    EXPECT_TRUE(started.ok()) << started.status();
    server = *std::move(started);
  }
  ~Members() {
    service.Drain();
    server->Stop(absl::Milliseconds(100));
  }
  // The state of the only member; "none" or "many".
  std::string State() const {
    const std::vector<Member> members = table.members();
    if (members.size() != 1) return members.empty() ? "none" : "many";
    return std::string(NameOf(members[0].state));
  }
  ::testing::AssertionResult Await(const std::string& state) const {
    const Instant deadline = Soon();
    while (State() != state && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    if (State() == state) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << State() << ", want " << state;
  }

  FakeClock clock;
  MemberTable table{{.report_every = absl::Milliseconds(10)}, clock};
  MembershipService service;
  std::unique_ptr<RpcServer> server;
};

class LeaseTest : public ::testing::Test {
 protected:
  std::unique_ptr<LeaseKeeper> Keep(const std::string& address, std::shared_ptr<const Security> security = {}) {
    return std::make_unique<LeaseKeeper>(LeaseKeeperOptions{.address = address,
                                                            .security = std::move(security),
                                                            .report =
                                                                [this] {
                                                                  ++reports_;
                                                                  return MakeReport(7);
                                                                },
                                                            .report_every = absl::Milliseconds(10),
                                                            .refused_pause = absl::Milliseconds(10)});
  }
  std::atomic<int> reports_{0};
};

// A client that says what it likes.
class PlainLease {
 public:
  explicit PlainLease(const std::string& address) : stub_(v1::MembershipService::NewStub(MakeChannel(address))) {
    context_.set_deadline(ToGrpcDeadline(Soon()));
    stream_ = stub_->Hold(&context_);
  }
  bool Write(const v1::RoleReport& report) { return stream_->Write(report); }
  bool Read() { return stream_->Read(&terms_); }
  const v1::LeaseTerms& terms() const { return terms_; }
  grpc::Status Finish() { return stream_->Finish(); }
  grpc::Status Cancel() {
    context_.TryCancel();
    return stream_->Finish();
  }
  void Close() { stream_->WritesDone(); }

 private:
  std::unique_ptr<v1::MembershipService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::RoleReport, v1::LeaseTerms>> stream_;
  v1::LeaseTerms terms_;
};

TEST_F(LeaseTest, AKeeperJoinsReportsAndSaysGoodbye) {
  Members members;
  auto keeper = Keep(members.server->address());
  ASSERT_TRUE(members.Await("joined"));
  EXPECT_THAT(members.table.members()[0].peer, HasSubstr("127.0.0.1"));
  const Instant deadline = Soon();
  while ((reports_ < 5 || !keeper->held()) && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_GE(reports_, 5);
  EXPECT_TRUE(keeper->held());
  keeper = nullptr;
  EXPECT_TRUE(members.Await("left"));
}

TEST_F(LeaseTest, AKeeperJoinsALearnerThatComesBackAndOneThatComesLate) {
  const std::string address = "unix:" + ::testing::TempDir() + "/lease_" + std::to_string(getpid()) + ".sock";
  auto keeper = Keep(address);
  for (int i = 0; i < 3; ++i) {
    Members members(address);
    EXPECT_TRUE(members.Await("joined")) << i;
  }
  keeper = nullptr;  // Nobody is there to hear the goodbye: ends all the same.
}

// A learner of an earlier version: it serves weights and knows no leases.
TEST_F(LeaseTest, AKeeperGoesOnWithoutWhereLeasesAreNotKnown) {
  ::testing::internal::CaptureStderr();
  {
    TestLearner learner;
    auto keeper = Keep(learner.server->address());
    const Instant deadline = Soon();
    while (reports_ < 5 && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    EXPECT_FALSE(keeper->held());
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::string said = "the learner grants no lease, going on without";
  EXPECT_THAT(log, HasSubstr(said));
  EXPECT_EQ(log.find(said), log.rfind(said)) << "once: " << log;
}

TEST_F(LeaseTest, AStreamThatBreaksLagsAndLaterIsLost) {
  Members members;
  PlainLease lease(members.server->address());
  ASSERT_TRUE(lease.Write(MakeReport(1)));
  ASSERT_TRUE(lease.Read());
  EXPECT_EQ(lease.terms().report_every_seconds(), 0.01);
  EXPECT_EQ(members.State(), "joined");
  EXPECT_EQ(lease.Cancel().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(members.Await("lagging"));
  members.clock.Advance(absl::Seconds(8));
  EXPECT_EQ(members.State(), "lost");
}

TEST_F(LeaseTest, AGoodbyeIsAnsweredWithOk) {
  Members members;
  PlainLease lease(members.server->address());
  v1::RoleReport report = MakeReport(1);
  report.set_leaving(true);
  ASSERT_TRUE(lease.Write(report));
  lease.Close();
  EXPECT_TRUE(lease.Read());
  EXPECT_FALSE(lease.Read());
  EXPECT_TRUE(lease.Finish().ok());
  EXPECT_EQ(members.State(), "left");
}

// The connection of the first one may be dead without anybody having noticed.
TEST_F(LeaseTest, ASecondStreamOfAProcessEndsTheFirst) {
  Members members;
  PlainLease first(members.server->address()), second(members.server->address());
  ASSERT_TRUE(first.Write(MakeReport(1)));
  ASSERT_TRUE(first.Read());
  ASSERT_TRUE(second.Write(MakeReport(1)));
  ASSERT_TRUE(second.Read());
  EXPECT_FALSE(first.Read());
  EXPECT_EQ(first.Finish().error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(members.State(), "joined") << "the end of the first does not count";
  second.Cancel();
  EXPECT_TRUE(members.Await("lagging"));
}

TEST_F(LeaseTest, FaultyAndFloodingPeersAreEnded) {
  Members members;
  PlainLease faulty(members.server->address());
  v1::RoleReport report = MakeReport(1);
  report.set_name(std::string(1000, 'x'));
  ASSERT_TRUE(faulty.Write(report));
  EXPECT_FALSE(faulty.Read());
  EXPECT_EQ(faulty.Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(members.State(), "none");

  PlainLease changing(members.server->address());
  ASSERT_TRUE(changing.Write(MakeReport(1)));
  ASSERT_TRUE(changing.Read());
  changing.Write(MakeReport(2));
  EXPECT_FALSE(changing.Read());
  EXPECT_THAT(changing.Finish().error_message(), HasSubstr("another instance"));

  PlainLease flood(members.server->address());
  for (int i = 0; i < 2000 && flood.Write(MakeReport(1)); ++i) continue;
  EXPECT_TRUE(flood.Read()) << "the terms";
  EXPECT_FALSE(flood.Read());
  const grpc::Status status = flood.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("more than 50 reports within a second"));
}

TEST_F(LeaseTest, DrainEndsAndRefuses) {
  Members members;
  PlainLease lease(members.server->address());
  ASSERT_TRUE(lease.Write(MakeReport(1)));
  ASSERT_TRUE(lease.Read());
  members.service.Drain();
  EXPECT_FALSE(lease.Read());
  EXPECT_EQ(lease.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  PlainLease late(members.server->address());
  EXPECT_FALSE(late.Read());
  EXPECT_EQ(late.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(LeaseTest, TlsAndTheTokenHoldForLeasesToo) {
  const TestCertificates certificates;
  Members members("127.0.0.1:0", certificates.Make("role", "ca", "token"));
  const std::string address = "localhost:" + std::to_string(members.server->port());
  {
    const auto stranger = Keep(address, certificates.Make("role", "ca", ""));
    const Instant deadline = Soon();
    while (reports_ < 3 && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    EXPECT_EQ(members.State(), "none") << "no token";
  }
  const auto keeper = Keep(address, certificates.Make("role", "ca", "token"));
  EXPECT_TRUE(members.Await("joined"));
}

}  // namespace
}  // namespace recbots
