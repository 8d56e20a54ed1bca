// Servers and channels over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/thread.h"
#include "common/rpc/channel.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/rpc_server.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

absl::Time Soon() { return absl::Now() + absl::Seconds(20); }

// Answers Info, so that there is something to call.
class InfoService : public v1::ReplayService::Service {
 public:
  grpc::Status Info(grpc::ServerContext*, const v1::InfoRequest*, v1::InfoResponse* response) override {
    response->set_readers(77);
    return grpc::Status::OK;
  }
};

absl::Status CallInfo(const std::shared_ptr<grpc::Channel>& channel, absl::Time deadline) {
  auto stub = v1::ReplayService::NewStub(channel);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::InfoResponse response;
  return FromGrpcStatus(stub->Info(&context, v1::InfoRequest(), &response));
}

std::unique_ptr<RpcServer> StartServer(const std::string& address, grpc::Service* service) {
  auto server = RpcServer::Start({.address = address}, {service});
  EXPECT_TRUE(server.ok()) << server.status();
  return server.ok() ? *std::move(server) : nullptr;
}

TEST(HostPortTest, ParsesNamesNumbersAndBrackets) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:0")->port, 0);
  EXPECT_EQ(ParseHostPort("replay:65535")->host, "replay");
  EXPECT_EQ(ParseHostPort("[::1]:80")->ToString(), "[::1]:80");
  EXPECT_EQ(ParseHostPort("[::1]:80")->host, "::1");
}

TEST(HostPortTest, RefusesWhatIsNoAddressAndNamesIt) {
  for (const std::string address :
       {"", "localhost", ":80", "localhost:", "localhost:65536", "localhost:-1", "localhost:x", "::1:80", "[]:80"}) {
    const absl::Status status = ParseHostPort(address).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("'" + address + "'"), HasSubstr("host:port")));
  }
}

TEST(RpcServerTest, RefusesAPortInUseAndNamesTheAddress) {
  InfoService service;
  auto first = StartServer("127.0.0.1:0", &service);
  ASSERT_NE(first, nullptr);
  for (const std::string host : {"127.0.0.1", "0.0.0.0", "localhost"}) {
    const std::string address = absl::StrCat(host, ":", first->port());
    const auto second = RpcServer::Start({.address = address}, {});
    EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << address << ' ' << second.status();
    EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
  }
}

TEST(RpcServerTest, RefusesAddressesThatAreNotOurs) {
  for (const std::string address : {"no port", "no-such-host.invalid:0", "203.0.113.7:0"}) {
    const auto server = RpcServer::Start({.address = address}, {});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address << ' ' << server.status();
    EXPECT_THAT(std::string(server.status().message()), HasSubstr(address));
  }
}

TEST(RpcServerTest, TakesAFreePortAndTellsIt) {
  InfoService service;
  auto server = StartServer("127.0.0.1:0", &service);
  ASSERT_NE(server, nullptr);
  EXPECT_GT(server->port(), 0);
  EXPECT_EQ(server->address(), absl::StrCat("127.0.0.1:", server->port()));
  EXPECT_TRUE(CallInfo(MakeChannel(server->address()), Soon()).ok());
}

TEST(RpcServerTest, MessagesOverTheLimitEndTheCallWithResourceExhausted) {
  InfoService service;
  auto server = RpcServer::Start({.address = "127.0.0.1:0", .max_message_bytes = 1024}, {&service});
  ASSERT_TRUE(server.ok());
  auto stub = v1::ReplayService::NewStub(MakeChannel((*server)->address()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Soon()));
  auto stream = stub->Insert(&context);
  v1::InsertRequest request;
  request.mutable_hello()->set_writer_name(std::string(4096, 'x'));
  stream->Write(request);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);  // Insert is not there at all.
  v1::InfoRequest large;
  large.GetReflection()->MutableUnknownFields(&large)->AddLengthDelimited(15, std::string(4096, 'x'));
  grpc::ClientContext second;
  second.set_deadline(absl::ToChronoTime(Soon()));
  v1::InfoResponse response;
  EXPECT_EQ(stub->Info(&second, large, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(RpcServerTest, StopIsIdempotentAndFreesThePort) {
  InfoService service;
  auto server = StartServer("127.0.0.1:0", &service);
  ASSERT_NE(server, nullptr);
  const std::string address = server->address();
  server->Stop();
  server->Stop();
  EXPECT_NE(StartServer(address, &service), nullptr);
}

TEST(ChannelTest, FindsAServerThatWasRestartedOnTheSamePort) {
  InfoService service;
  auto server = StartServer("127.0.0.1:0", &service);
  ASSERT_NE(server, nullptr);
  const std::string address = server->address();
  for (const bool bulk : {false, true}) {
    auto channel = MakeChannel(address, {.bulk = bulk});
    ASSERT_TRUE(CallInfo(channel, Soon()).ok());
    server->Stop();
    EXPECT_FALSE(CallInfo(channel, absl::Now() + absl::Milliseconds(300)).ok());
    server = StartServer(address, &service);
    ASSERT_NE(server, nullptr);
    const absl::Status status = CallInfo(channel, Soon());
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST(AwaitServingTest, ReturnsOnceHealthSaysServing) {
  InfoService service;
  auto server = StartServer("127.0.0.1:0", &service);
  ASSERT_NE(server, nullptr);
  const absl::Status early = AwaitServing("replay", server->address(), absl::Now() + absl::Milliseconds(300));
  EXPECT_EQ(early.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(early.message()), AllOf(HasSubstr("replay at " + server->address()), HasSubstr("serving")));

  absl::Status status = absl::UnknownError("not called");
  {
    Thread waiter("waiter", [&] { status = AwaitServing("replay", server->address(), Soon()); });
    server->SetServing(true);
  }
  EXPECT_TRUE(status.ok()) << status;
  server->SetServing(false);
  EXPECT_FALSE(AwaitServing("replay", server->address(), absl::Now() + absl::Milliseconds(100)).ok());
}

TEST(AwaitServingTest, DeadlineNamesPeerAddressAndLastError) {
  InfoService service;
  std::string address;
  {
    auto server = StartServer("127.0.0.1:0", &service);
    ASSERT_NE(server, nullptr);
    address = server->address();
  }
  const absl::Status status = AwaitServing("learner", address, absl::Now() + absl::Milliseconds(500));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("learner at " + address), HasSubstr("onnect")));
}

TEST(AwaitServingTest, NamesThatDoNotResolveAreReportedByTheDeadline) {
  const absl::Status status = AwaitServing("learner", "no-such-host.invalid:1", absl::Now() + absl::Milliseconds(1500));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no-such-host.invalid:1"));
}

}  // namespace
}  // namespace recbots
