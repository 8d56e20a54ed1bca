// `recbots inspect` as it is typed: targets, flags that do not go together, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/rpc/grpc_status.h"
#include "common/rpc/rpc_server.h"
#include "deploy/cli/commands.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "tests/common/rpc/test_certificates.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TestCertificates;

// A server with one table whose limiter can be changed.
class FakeReplay : public v1::ReplayService::Service {
 public:
  explicit FakeReplay(std::shared_ptr<const Security> security) : security_(std::move(security)) {}

  grpc::Status Info(grpc::ServerContext* context, const v1::InfoRequest*, v1::InfoResponse* response) override {
    v1::TableInfo& table = *response->add_tables();
    table.set_name("transitions");
    table.set_min_size(100);
    table.set_samples_per_insert(8);
    table.set_max_diff(2000);
    return ToGrpcStatus(Security::Check(security_.get(), *context));
  }
  grpc::Status SetRateLimiter(grpc::ServerContext*, const v1::SetRateLimiterRequest* request,
                              v1::SetRateLimiterResponse*) override {
    if (request->min_size() > 0) return grpc::Status::OK;
    return {grpc::StatusCode::INVALID_ARGUMENT, "min_size 0, want at least 1"};
  }
  grpc::Status Checkpoint(grpc::ServerContext*, const v1::CheckpointRequest*,
                          v1::CheckpointResponse* response) override {
    response->set_sequence(12);
    return grpc::Status::OK;
  }

 private:
  const std::shared_ptr<const Security> security_;
};

class InspectCommandTest : public ::testing::Test {
 protected:
  InspectCommandTest() : security_(certificates_.Make("role", "ca", "token")), replay_(security_) {
    auto server = RpcServer::Start({"unix:" + certificates_.Path("r.sock"), security_}, {&replay_});
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Runs the command; `out_` and `error_` have what it wrote.
  int Inspect(const std::vector<std::string>& arguments) {
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit_code = InspectCommand().run(arguments);
    out_ = ::testing::internal::GetCapturedStdout();
    error_ = ::testing::internal::GetCapturedStderr();
    return exit_code;
  }
  // The same of the server, with certificates and token.
  int InspectServer(std::vector<std::string> arguments) {
    const auto path = [this](const char* name) { return certificates_.Path(name); };
    arguments.insert(arguments.end(),
                     {server_->address(), "--interval=0", "--tls_cert=" + path("role.pem"),
                      "--tls_key=" + path("role.key"), "--tls_ca=" + path("ca.pem"), "--token_file=" + path("token")});
    return Inspect(arguments);
  }

  const TestCertificates certificates_;
  const std::shared_ptr<const Security> security_;
  FakeReplay replay_;
  std::unique_ptr<RpcServer> server_;
  std::string out_, error_;
};

TEST_F(InspectCommandTest, ReportsAServerAsAPageAndAsJson) {
  EXPECT_EQ(InspectServer({}), 0) << error_;
  EXPECT_THAT(out_, AllOf(HasSubstr("replay at " + server_->address()), HasSubstr("table transitions")));
  EXPECT_EQ(InspectServer({"--json", "--table=transitions"}), 0) << error_;
  EXPECT_EQ(nlohmann::json::parse(out_)["tables"][0]["min_size"], 100);
  EXPECT_EQ(InspectServer({"--table=nowhere"}), 1);
  EXPECT_THAT(error_, HasSubstr("no table 'nowhere', there are: transitions"));
}

TEST_F(InspectCommandTest, ChangesTheLimiterAndAsksForCheckpoints) {
  EXPECT_EQ(InspectServer({"--set_limiter=min_size=7", "--checkpoint"}), 0) << error_;
  EXPECT_THAT(out_,
              AllOf(HasSubstr("limiter of table transitions is min_size=7,samples_per_insert=8,error_buffer=1000"),
                    HasSubstr("checkpoint 12")));
  EXPECT_EQ(InspectServer({"--set_limiter=min_size=0", "--checkpoint"}), 1);
  EXPECT_THAT(error_, HasSubstr("min_size 0, want at least 1"));
  EXPECT_EQ(out_, "");
}

TEST_F(InspectCommandTest, SaysWhyItIsRefused) {
  EXPECT_EQ(Inspect({server_->address(), "--tls_cert=" + certificates_.Path("role.pem"),
                     "--tls_key=" + certificates_.Path("role.key"), "--tls_ca=" + certificates_.Path("ca.pem")}),
            1);
  EXPECT_THAT(error_, HasSubstr("brings no token"));
}

TEST_F(InspectCommandTest, RefusesTargetsAndFlagsThatMakeNoSense) {
  const std::string directory = ::testing::TempDir();
  for (const auto& [arguments, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "0 targets given"},
           {{"a:1", "b:2"}, "2 targets given"},
           {{"nowhere"}, "target 'nowhere' is neither a directory nor an address"},
           {{"/nowhere/at/all"}, "neither a directory nor an address"},
           {{"a:1", "--dump=3"}, "--dump is for a checkpoint"},
           {{directory, "--json"}, "--json is for a server"},
           {{directory, "--checkpoint"}, "--checkpoint is for a server"},
           {{directory, "--dump=some"}, "--dump 'some'"},
           {{"a:1", "--interval=-1"}, "--interval '-1'"},
           {{"a:1", "--tls_cert=/nowhere"}, "--tls_key"},
           {{"a:1", "--frobnicate"}, "frobnicate"}}) {
    EXPECT_EQ(Inspect(arguments), 2) << says;
    EXPECT_THAT(error_, HasSubstr(says));
  }
  EXPECT_EQ(Inspect({"--help"}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("recbots inspect"), HasSubstr("--set_limiter")));
}

TEST_F(InspectCommandTest, ADirectoryWithoutCheckpointsIsAFailure) {
  EXPECT_EQ(Inspect({certificates_.Path(".")}), 1);
  EXPECT_THAT(error_, HasSubstr(certificates_.Path(".")));
}

}  // namespace
}  // namespace recbots
