// `recbots health --http` as containers and people type it: with and without TLS, and with certificates that are wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "common/metrics/http_server.h"
#include "deploy/cli/commands.h"
#include "tests/common/rpc/test_certificates.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::TestCertificates;

class HealthCommandTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpServer> Serve(bool tls) {
    HttpServerOptions options;
    options.token = "0123456789abcdef-token";
    options.unhealthy = [this] { return healthy_ ? "" : "no step for 42 s"; };
    if (tls) {
      options.certificate_pem = certificates_.Read("role.pem");
      options.key_pem = certificates_.Read("role.key");
    }
    auto server = HttpServer::Start(options, metrics_);
    EXPECT_TRUE(server.ok()) << server.status();
    return *std::move(server);
  }
  int Health(const HttpServer& server, std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"--http", server.address()});
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const int exit_code = HealthCommand().run(flags);
    said_ = ::testing::internal::GetCapturedStdout() + ::testing::internal::GetCapturedStderr();
    return exit_code;
  }
  std::string File(const std::string& flag, const std::string& name) const {
    return "--" + flag + "=" + certificates_.Path(name);
  }

  TestCertificates certificates_;
  Metrics metrics_;
  std::atomic<bool> healthy_{true};
  std::string said_;
};

TEST_F(HealthCommandTest, NeedsNoFlagsWithTlsAndWithout) {
  for (const bool tls : {false, true}) {
    const auto server = Serve(tls);
    healthy_ = true;
    EXPECT_EQ(Health(*server, {}), 0) << said_;
    EXPECT_EQ(said_, "serving\n");
    EXPECT_EQ(Health(*server, {File("token_file", "token")}), 0) << said_;
    healthy_ = false;
    EXPECT_EQ(Health(*server, {}), 1);
    EXPECT_EQ(said_, "HTTP 503: not ready\n\n");
  }
}

TEST_F(HealthCommandTest, BelievesOnlyGoodCertificatesWithFlagsForTls) {
  const auto server = Serve(/*tls=*/true);
  EXPECT_EQ(Health(*server, {File("tls_ca", "ca.pem")}), 0) << said_;
  EXPECT_EQ(Health(*server, {File("tls_ca", "ca.pem"), File("tls_cert", "role.pem"), File("tls_key", "role.key"),
                             File("token_file", "token")}),
            0)
      << said_;
  EXPECT_EQ(Health(*server, {File("tls_ca", "other_ca.pem")}), 1);
  EXPECT_THAT(said_, HasSubstr("no answer from https://"));
  const auto plain = Serve(/*tls=*/false);
  EXPECT_EQ(Health(*plain, {File("tls_ca", "ca.pem")}), 1);
  EXPECT_THAT(said_, HasSubstr("no answer from https://"));
}

TEST_F(HealthCommandTest, WrongFlagsAreBadUsageAndNoSecretIsPrinted) {
  const auto server = Serve(/*tls=*/true);
  EXPECT_EQ(Health(*server, {"--tls_ca=/nowhere/ca.pem"}), 2);
  EXPECT_THAT(said_, HasSubstr("--tls_ca '/nowhere/ca.pem'"));
  const std::string spoilt = certificates_.Write("spoilt", "secret secret secret\n");
  EXPECT_EQ(Health(*server, {"--token_file=" + spoilt}), 2);
  EXPECT_THAT(said_, Not(HasSubstr("secret secret")));
}

}  // namespace
}  // namespace recbots
