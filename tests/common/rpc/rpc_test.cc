// Servers and channels over loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/host_port.h"
#include "common/base/instant.h"
#include "common/base/thread.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/rpc_server.h"
#include "recbots/v1/replay.grpc.pb.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Instant Soon() { return Instant::Now() + absl::Seconds(20); }

// Answers Info, so that there is something to call.
class InfoService : public v1::ReplayService::Service {
 public:
  grpc::Status Info(grpc::ServerContext*, const v1::InfoRequest*, v1::InfoResponse* response) override {
    response->set_readers(77);
    return grpc::Status::OK;
  }
};

absl::Status CallInfo(const std::shared_ptr<grpc::Channel>& channel, Instant deadline) {
  auto stub = v1::ReplayService::NewStub(channel);
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(ToGrpcDeadline(deadline));
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

TEST(HostPortTest, ListsMixPortsAndSockets) {
  const auto list = ParseAddresses("replay:7001,unix:/run/replay.sock,[::1]:80");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_THAT(*list, ElementsAre("replay:7001", "unix:/run/replay.sock", "[::1]:80"));
  const std::string long_path(kMaxSocketPathBytes, '/');
  EXPECT_EQ(*ParseUnixAddress("unix:" + long_path), long_path);
  for (const std::string& address :
       {std::string("replay:7001,"), std::string(""), std::string("unix:"), std::string("unix:relative"),
        std::string("a:1,,b:2"), "unix:" + long_path + "/"}) {
    EXPECT_EQ(ParseAddresses(address).status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
  EXPECT_THAT(std::string(ParseUnixAddress("unix:" + long_path + "/").status().message()),
              AllOf(HasSubstr("108 bytes"), HasSubstr("107")));
}

TEST(HostPortTest, TellsWhatOnlyThisMachineReaches) {
  for (const char* address : {"unix:/x", "127.0.0.1:1", "127.8.0.1:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(IsLocalAddress(address)) << address;
  }
  for (const char* address : {"0.0.0.0:1", "[::]:1", "replay:1", "10.0.0.1:1", "128.0.0.1:1", ""}) {
    EXPECT_FALSE(IsLocalAddress(address)) << address;
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
  context.set_deadline(ToGrpcDeadline(Soon()));
  auto stream = stub->Insert(&context);
  v1::InsertRequest request;
  request.mutable_hello()->set_writer_name(std::string(4096, 'x'));
  stream->Write(request);
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);  // Insert is not there at all.
  v1::InfoRequest large;
  large.GetReflection()->MutableUnknownFields(&large)->AddLengthDelimited(15, std::string(4096, 'x'));
  grpc::ClientContext second;
  second.set_deadline(ToGrpcDeadline(Soon()));
  v1::InfoResponse response;
  EXPECT_EQ(stub->Info(&second, large, &response).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(RpcServerTest, MessagesOverEightMebibytesAreRefusedBothWaysAndTheServerLivesOn) {
  class LargeService : public v1::ReplayService::Service {
   public:
    grpc::Status Info(grpc::ServerContext*, const v1::InfoRequest*, v1::InfoResponse* response) override {
      response->set_version(std::string(answer_bytes, 'x'));
      return grpc::Status::OK;
    }
    size_t answer_bytes = 0;
  } service;
  auto server = StartServer("127.0.0.1:0", &service);
  ASSERT_NE(server, nullptr);
  for (const bool bulk : {false, true}) {
    auto stub = v1::ReplayService::NewStub(MakeChannel(server->address(), {.bulk = bulk}));
    for (const auto& [request_bytes, answer_bytes, code] :
         {std::tuple{8 << 20, 0, grpc::StatusCode::RESOURCE_EXHAUSTED},
          std::tuple{0, 8 << 20, grpc::StatusCode::RESOURCE_EXHAUSTED},
          std::tuple{8'000'000, 8'000'000, grpc::StatusCode::OK}}) {
      service.answer_bytes = static_cast<size_t>(answer_bytes);
      v1::InfoRequest request;
      request.GetReflection()->MutableUnknownFields(&request)->AddLengthDelimited(
          15, std::string(static_cast<size_t>(request_bytes), 'x'));
      grpc::ClientContext context;
      context.set_deadline(ToGrpcDeadline(Soon()));
      v1::InfoResponse response;
      EXPECT_EQ(stub->Info(&context, request, &response).error_code(), code) << request_bytes << ' ' << answer_bytes;
    }
  }
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

// A folder for sockets; the name is short, because their paths are bounded.
class UnixServerTest : public ::testing::Test {
 protected:
  UnixServerTest() { std::filesystem::create_directories(dir_); }
  ~UnixServerTest() override { std::filesystem::remove_all(dir_); }

  absl::Status StartStatus(const std::string& path) {
    return RpcServer::Start({.address = "unix:" + path}, {&service_}).status();
  }

  const std::string dir_ = absl::StrCat(::testing::TempDir(), "unix_", getpid());
  const std::string path_ = dir_ + "/a.sock";
  InfoService service_;
};

TEST_F(UnixServerTest, ServesAtSeveralAddressesAndRemovesItsSockets) {
  const std::string other = dir_ + "/b.sock";
  auto server = StartServer(absl::StrCat("unix:", path_, ",127.0.0.1:0,unix:", other), &service_);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->address(), absl::StrCat("unix:", path_, ",127.0.0.1:", server->port(), ",unix:", other));
  server->SetServing(true);
  EXPECT_TRUE(AwaitServing("replay", server->address(), Soon()).ok());
  const std::vector<std::string> addresses = *ParseAddresses(server->address());
  for (const std::string& address : addresses) {
    EXPECT_TRUE(CallInfo(MakeChannel(address), Soon()).ok()) << address;
  }
  struct stat found {};
  ASSERT_EQ(stat(path_.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  server->Stop();
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(UnixServerTest, OnlySocketsHaveNoPort) {
  auto server = StartServer("unix:" + path_, &service_);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(server->port(), 0);
  EXPECT_EQ(server->address(), "unix:" + path_);
}

TEST_F(UnixServerTest, TakesOverASocketWhoseServerWasKilled) {
  // Bound and closed without removing the file, as a process that is killed leaves it.
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy(path_.begin(), path_.end(), address.sun_path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  close(fd);
  ASSERT_TRUE(std::filesystem::is_socket(path_));
  auto server = StartServer("unix:" + path_, &service_);
  ASSERT_NE(server, nullptr);
  EXPECT_TRUE(CallInfo(MakeChannel("unix:" + path_), Soon()).ok());
}

TEST_F(UnixServerTest, LeavesAloneWhatIsInUseOrIsNoSocket) {
  auto server = StartServer("unix:" + path_, &service_);
  ASSERT_NE(server, nullptr);
  EXPECT_EQ(StartStatus(path_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(CallInfo(MakeChannel("unix:" + path_), Soon()).ok());
  const std::string file = dir_ + "/file";
  std::ofstream(file) << "precious";
  EXPECT_EQ(StartStatus(file).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(std::filesystem::file_size(file), 8u);
  EXPECT_EQ(StartStatus(dir_ + "/nowhere/a.sock").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(StartStatus(dir_ + "/" + std::string(107, 'x')).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(UnixServerTest, StopLeavesTheSocketOfASuccessor) {
  auto server = StartServer("unix:" + path_, &service_);
  ASSERT_NE(server, nullptr);
  std::filesystem::rename(path_, dir_ + "/old.sock");
  std::ofstream(path_) << "of somebody else";
  server->Stop();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(UnixServerTest, ChannelsFindAServerThatWasRestarted) {
  auto server = StartServer("unix:" + path_, &service_);
  ASSERT_NE(server, nullptr);
  auto channel = MakeChannel("unix:" + path_);
  ASSERT_TRUE(CallInfo(channel, Soon()).ok());
  server->Stop();
  EXPECT_FALSE(CallInfo(channel, Instant::Now() + absl::Milliseconds(300)).ok());
  server = StartServer("unix:" + path_, &service_);
  ASSERT_NE(server, nullptr);
  EXPECT_TRUE(CallInfo(channel, Soon()).ok());
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
    EXPECT_FALSE(CallInfo(channel, Instant::Now() + absl::Milliseconds(300)).ok());
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
  const absl::Status early = AwaitServing("replay", server->address(), Instant::Now() + absl::Milliseconds(300));
  EXPECT_EQ(early.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(early.message()), AllOf(HasSubstr("replay at " + server->address()), HasSubstr("serving")));

  absl::Status status = absl::UnknownError("not called");
  {
    Thread waiter("waiter", [&] { status = AwaitServing("replay", server->address(), Soon()); });
    server->SetServing(true);
  }
  EXPECT_TRUE(status.ok()) << status;
  server->SetServing(false);
  EXPECT_FALSE(AwaitServing("replay", server->address(), Instant::Now() + absl::Milliseconds(100)).ok());
}

TEST(AwaitServingTest, DeadlineNamesPeerAddressAndLastError) {
  InfoService service;
  std::string address;
  {
    auto server = StartServer("127.0.0.1:0", &service);
    ASSERT_NE(server, nullptr);
    address = server->address();
  }
  // Longer than one attempt to connect may take: what became of the first must not hide behind its timeout.
  const absl::Status status = AwaitServing("learner", address, Instant::Now() + absl::Milliseconds(2500));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("learner at " + address), HasSubstr("refused")));
}

TEST(AwaitServingTest, NamesThatDoNotResolveAreReportedByTheDeadline) {
  const absl::Status status =
      AwaitServing("learner", "no-such-host.invalid:1", Instant::Now() + absl::Milliseconds(1500));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no-such-host.invalid:1"));
}

}  // namespace
}  // namespace recbots
