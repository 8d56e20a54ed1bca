// What Security takes and refuses, and what peers that disagree are told.
#include "common/rpc/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/instant.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/rpc/grpc_status.h"
#include "common/rpc/rpc_server.h"
#include "common/rpc/unary_call.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "tests/common/rpc/test_certificates.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TestCertificates;

Instant Soon() { return Instant::Now() + absl::Seconds(20); }

TestCertificates& Certificates() {
  static TestCertificates certificates;
  return certificates;
}

class SecurityTest : public ::testing::Test {
 protected:
  static std::string Path(const std::string& name) { return Certificates().Path(name); }
  static std::string Write(const std::string& name, const std::string& content) {
    return Certificates().Write(name, content);
  }
  // Load must refuse, name flag and file, and say `why`.
  static void ExpectRefusal(const SecurityOptions& options, const std::string& flag, const std::string& path,
                            const std::string& why) {
    const absl::Status status = Security::Load(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("--" + flag), HasSubstr("'" + path + "'"), HasSubstr(why)));
  }
};

TEST_F(SecurityTest, LoadsEveryCombinationThatMakesSense) {
  for (const auto& [name, authority, token] : std::vector<std::array<std::string, 3>>{{"", "", ""},
                                                                                      {"role", "", ""},
                                                                                      {"", "ca", ""},
                                                                                      {"role", "ca", ""},
                                                                                      {"", "", "token"},
                                                                                      {"role", "ca", "token"}}) {
    const auto security = Certificates().Make(name, authority, token);
    ASSERT_NE(security, nullptr);
    EXPECT_EQ(security->has_tls(), !name.empty() || !authority.empty());
    EXPECT_EQ(security->has_token(), !token.empty());
  }
}

TEST_F(SecurityTest, RefusesHalvesAndNamesTheOther) {
  ExpectRefusal({.certificate_path = Path("role.pem")}, "tls_cert", Path("role.pem"), "--tls_key");
  ExpectRefusal({.key_path = Path("role.key")}, "tls_key", Path("role.key"), "--tls_cert");
}

TEST_F(SecurityTest, RefusesFilesThatAreMissingEmptyOrSomethingElse) {
  const std::string cert = Path("role.pem"), key = Path("role.key"), missing = Path("nowhere.pem");
  const std::string empty = Write("empty", ""), text = Write("text", "hello\n");
  const std::string damaged = Write("damaged.pem", Certificates().Read("role.pem").replace(80, 8, "????????"));
  for (const auto& [path, why] : std::vector<std::pair<std::string, std::string>>{{missing, "cannot be read"},
                                                                                  {Path(""), "cannot be read"},
                                                                                  {empty, "empty"},
                                                                                  {text, "no certificate"},
                                                                                  {key, "no certificate"},
                                                                                  {damaged, "cannot be read"}}) {
    ExpectRefusal({.certificate_path = path, .key_path = key}, "tls_cert", path, why);
    ExpectRefusal({.authority_path = path}, "tls_ca", path, why);
  }
  for (const auto& [path, why] : std::vector<std::pair<std::string, std::string>>{
           {missing, "cannot be read"}, {empty, "empty"}, {text, "no private key"}, {cert, "no private key"}}) {
    ExpectRefusal({.certificate_path = cert, .key_path = path}, "tls_key", path, why);
  }
}

TEST_F(SecurityTest, RefusesAKeyOfAnotherCertificateOrWithAPassword) {
  ExpectRefusal({.certificate_path = Path("role.pem"), .key_path = Path("stranger.key")}, "tls_key",
                Path("stranger.key"), "not that of the certificate");
  const std::string locked = Path("locked.key");
  Certificates().Run("ec -aes128 -passout pass:secret -in " + Path("role.key") + " -out " + locked);
  ExpectRefusal({.certificate_path = Path("role.pem"), .key_path = locked}, "tls_key", locked, "password");
}

TEST_F(SecurityTest, RefusesACertificateThatExpiredAndSaysWhen) {
  Certificates().Sign("old", "ca", "-days -1");
  const std::string old = Path("old.pem");
  ExpectRefusal({.certificate_path = old, .key_path = Path("old.key")}, "tls_cert", old, "CN=old expired at 20");
}

TEST_F(SecurityTest, RefusesTokensThatAreShortLongOrUnprintable) {
  const auto refused = [](const std::string& content, const std::string& why) {
    const std::string path = Write("bad_token", content);
    ExpectRefusal({.token_path = path}, "token_file", path, why);
  };
  refused("", "empty");
  refused("short\n", "token of 5 characters, want 16..4096");
  refused(std::string(4097, 'x') + "\n", "4097");
  refused("0123456789abcdef 0123456789abcdef", "character 16");
  refused("0123456789abcdef\n0123456789abcdef\n", "character 16");
  refused(
      "\xc3\xa4"
      "0123456789abcdef\n",
      "code 195");
  for (const size_t size : {16, 4096}) {
    EXPECT_TRUE(Security::Load({.token_path = Write("good_token", std::string(size, 'x') + "\r\n")}).ok());
  }
}

TEST_F(SecurityTest, AnAuthorityAloneIsEnoughForAClientOnly) {
  const auto server = RpcServer::Start({.security = Certificates().Make("", "ca", "")}, {});
  EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("--tls_cert"));
}

// A server whose Info asks for the token, and one call of it.
class InfoService : public v1::ReplayService::Service {
 public:
  explicit InfoService(std::shared_ptr<const Security> security) : security_(std::move(security)) {}
  grpc::Status Info(grpc::ServerContext* context, const v1::InfoRequest*, v1::InfoResponse*) override {
    return ToGrpcStatus(Security::Check(security_.get(), *context));
  }

 private:
  const std::shared_ptr<const Security> security_;
};

// The same on threads of our own.
class InfoCalls final : public CallService {
 public:
  explicit InfoCalls(std::shared_ptr<const Security> security) : security_(std::move(security)) {}
  bool Begin(RpcCall& call) override {
    if (call.method() != "/recbots.v1.ReplayService/Info") return false;
    using Info = UnaryCall<v1::InfoRequest, v1::InfoResponse>;
    const absl::Status status = Security::Check(security_.get(), call.context());
    if (!status.ok()) {
      call.Finish(ToGrpcStatus(status));
    } else {
      Info::Begin(call, [](const std::shared_ptr<Info>& info) { info->Answer(v1::InfoResponse()); });
    }
    return true;
  }

 private:
  const std::shared_ptr<const Security> security_;
};

absl::Status CallOnce(const std::string& address, const std::shared_ptr<const Security>& security,
                      const std::string& server_name = "") {
  const auto stub =
      v1::ReplayService::NewStub(MakeChannel(address, {.security = security, .server_name = server_name}));
  grpc::ClientContext context;
  context.set_deadline(ToGrpcDeadline(Soon()));
  Security::Prepare(security.get(), context);
  v1::InfoResponse response;
  return FromGrpcStatus(stub->Info(&context, v1::InfoRequest(), &response));
}

// What a peer gets from a server, by what both were given.
struct Pair {
  std::string name;
  std::array<std::string, 3> server;  // Certificate, authority, token.
  std::array<std::string, 3> client;
  absl::StatusCode code;
  std::string says;
};
void PrintTo(const Pair& pair, std::ostream* out) { *out << pair.name; }

class SecurityPairTest : public ::testing::TestWithParam<Pair> {
 protected:
  static std::shared_ptr<const Security> Make(const std::array<std::string, 3>& parts) {
    return parts == std::array<std::string, 3>{} ? nullptr : Certificates().Make(parts[0], parts[1], parts[2]);
  }
};

void ExpectAgreementOrReason(const std::string& address, const std::shared_ptr<const Security>& client_security,
                             const Pair& pair) {
  const absl::Status status = CallOnce(address, client_security);
  EXPECT_EQ(status.code(), pair.code) << address << ' ' << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(pair.says)) << address;
  // Health is open to every client that can connect; a client that cannot learns the reason within the deadline.
  const absl::Status health =
      AwaitServing("replay", address, Instant::Now() + absl::Milliseconds(500), client_security);
  const bool token_only = pair.says.find("token") != std::string::npos;
  EXPECT_EQ(health.ok(), status.ok() || token_only) << address << ' ' << health;
  if (!health.ok()) {
    EXPECT_THAT(std::string(health.message()), HasSubstr(pair.says)) << address;
  }
}

TEST_P(SecurityPairTest, AgreesOrSaysWhyNot) {
  const std::shared_ptr<const Security> server_security = Make(GetParam().server);
  const std::shared_ptr<const Security> client_security = Make(GetParam().client);
  InfoService service(server_security);
  InfoCalls calls(server_security);
  const std::string socket = "unix:" + Certificates().Path("pair.sock");
  const RpcServerOptions options{"127.0.0.1:0," + socket, server_security};
  for (const bool own_threads : {false, true}) {
    SCOPED_TRACE(own_threads ? "threads of our own" : "threads of gRPC");
    auto server = own_threads ? RpcServer::Start(options, calls) : RpcServer::Start(options, {&service});
    ASSERT_TRUE(server.ok()) << server.status();
    (*server)->SetServing(true);
    const std::string tcp = (*server)->address().substr(0, (*server)->address().find(','));
    for (const std::string& address : {tcp, socket}) ExpectAgreementOrReason(address, client_security, GetParam());
  }
}

constexpr auto kOk = absl::StatusCode::kOk;
constexpr auto kRefused = absl::StatusCode::kUnauthenticated;
constexpr auto kAway = absl::StatusCode::kUnavailable;
INSTANTIATE_TEST_SUITE_P(
    All, SecurityPairTest,
    ::testing::Values(
        Pair{"Nothing", {}, {}, kOk, ""}, Pair{"Everything", {"role", "ca", "token"}, {"role", "ca", "token"}, kOk, ""},
        Pair{"OneWayTls", {"role", "", ""}, {"", "ca", ""}, kOk, ""},
        Pair{"TokenWithoutTls", {"", "", "token"}, {"", "", "token"}, kOk, ""},
        Pair{"TokenNobodyAsksFor", {}, {"", "", "token"}, kOk, ""},
        Pair{"NoToken", {"", "", "token"}, {}, kRefused, "brings no token"},
        Pair{"OtherToken", {"role", "ca", "token"}, {"role", "ca", "other_token"}, kRefused, "another token"},
        Pair{"TlsClientOfPlainServer", {}, {"role", "ca", ""}, kRefused, "one side speaks TLS"},
        Pair{"PlainClientOfTlsServer", {"role", "ca", ""}, {}, kAway, "may want TLS (--tls_ca)"},
        Pair{"NoClientCertificate", {"role", "ca", ""}, {"", "ca", ""}, kAway, "client certificate"},
        Pair{"ClientOfOtherAuthority", {"role", "ca", ""}, {"stranger", "ca", ""}, kAway, "client certificate"},
        Pair{
            "ServerOfOtherAuthority", {"role", "ca", ""}, {"role", "other_ca", ""}, kRefused, "not signed by --tls_ca"},
        Pair{"ServerNobodyKnows", {"role", "", ""}, {"role", "", ""}, kRefused, "not signed by --tls_ca"}),
    [](const auto& pair) { return pair.param.name; });

TEST_F(SecurityTest, TheServersCertificateHasToBearTheNameCalled) {
  const auto security = Certificates().Make("role", "ca", "");
  InfoService service(security);
  auto server = RpcServer::Start({"127.0.0.1:0", security}, {&service});
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_TRUE(CallOnce((*server)->address(), security, "replay").ok());
  const absl::Status status = CallOnce((*server)->address(), security, "elsewhere");
  EXPECT_EQ(status.code(), kRefused) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("elsewhere"), HasSubstr("subjectAltName")));
}

TEST_F(SecurityTest, TheServersLogExplainsARefusedHandshake) {
  const auto security = Certificates().Make("role", "ca", "");
  InfoService service(security);
  auto server = RpcServer::Start({"127.0.0.1:0", security}, {&service});
  ASSERT_TRUE(server.ok()) << server.status();
  // One line in 5 s, of which an earlier test may have taken its share.
  const auto client = Certificates().Make("", "ca", "");
  const Instant deadline = Soon();
  std::string log;
  while (log.find("the client shows no certificate") == std::string::npos && Instant::Now() < deadline) {
    ::testing::internal::CaptureStderr();
    EXPECT_FALSE(AwaitServing("replay", (*server)->address(), Instant::Now() + absl::Milliseconds(300), client).ok());
    log = ::testing::internal::GetCapturedStderr();
  }
  EXPECT_THAT(log, HasSubstr("the client shows no certificate"));
}

TEST_F(SecurityTest, OpenServersWarnOnceThatAnybodyMayCome) {
  InfoService service(nullptr);
  const auto said = [&](const std::string& address, const std::shared_ptr<const Security>& security) {
    ::testing::internal::CaptureStderr();
    const auto server = RpcServer::Start({address, security}, {&service});
    EXPECT_TRUE(server.ok()) << server.status();
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_THAT(said("0.0.0.0:0,[::]:0", nullptr), AllOf(HasSubstr("0.0.0.0:0"), HasSubstr("can read and write")));
  EXPECT_THAT(said("0.0.0.0:0", Certificates().Make("", "", "token")), HasSubstr("can read what is sent"));
  EXPECT_THAT(said("0.0.0.0:0", Certificates().Make("role", "", "")), HasSubstr("can read and write"));
  EXPECT_EQ(said("0.0.0.0:0", Certificates().Make("role", "ca", "")), "");
  EXPECT_EQ(said("0.0.0.0:0", Certificates().Make("role", "", "token")), "");
  EXPECT_EQ(said("127.0.0.1:0,localhost:0,unix:" + Path("warn.sock"), nullptr), "");
}

}  // namespace
}  // namespace recbots
