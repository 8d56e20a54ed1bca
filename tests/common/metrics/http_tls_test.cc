// TLS of the pages: who is believed, and that no client delays another one, as without TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/thread.h"
#include "common/metrics/http_server.h"
#include "common/metrics/http_transport.h"
#include "tests/common/metrics/raw_client.h"
#include "tests/support/certificate_folder.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using testing::Clients;
using testing::ConnectTo;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ReadAll;
using ::testing::StartsWith;

testing::CertificateFolder& Files() {
  static testing::CertificateFolder files;
  return files;
}

// What OpenSSL sends first: a client that has said no more than this waits for the server's hello.
const std::string& ClientHello() {
  static const std::string hello = [] {
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL* const ssl = SSL_new(context);
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
    SSL_connect(ssl);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    std::string copy(bytes, static_cast<size_t>(size));
    SSL_free(ssl);
    SSL_CTX_free(context);
    return copy;
  }();
  return hello;
}

class HttpTlsTest : public ::testing::Test {
 protected:
  HttpTlsTest() {
    HttpServerOptions options;
    options.certificate_pem = Files().Read("role.pem");
    options.key_pem = Files().Read("role.key");
    options.status = [this] { return std::vector<StatusSection>{{"Run", {{"much", much_}}}}; };
    auto server = HttpServer::Start(options, metrics_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  httplib::Result Get(const std::string& path, const std::string& authority = "ca.pem") const {
    httplib::SSLClient client("127.0.0.1", server_->port());
    client.set_ca_cert_path(Files().Path(authority).c_str());
    client.enable_server_certificate_verification(true);
    return client.Get(path);
  }

  const std::string much_ = std::string(size_t{8} << 20, 'x');
  Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpTlsTest, ServesEveryPageToClientsThatKnowTheAuthority) {
  for (const std::string path : {"/metrics", "/healthz", "/statusz?format=text"}) {
    const httplib::Result answer = Get(path);
    ASSERT_TRUE(answer) << path << ": " << httplib::to_string(answer.error());
    EXPECT_EQ(answer->status, 200) << path;
    EXPECT_TRUE(path[1] != 's' || answer->body.size() > much_.size()) << answer->body.size();
  }
  EXPECT_FALSE(Get("/healthz", "other_ca.pem"));
}

TEST_F(HttpTlsTest, TellsAClientThatSpeaksNoTls) {
  Clients clients;
  clients.fds.push_back(ConnectTo(server_->port(), "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_THAT(ReadAll(clients.fds.back()),
              AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("this port speaks TLS"), Not(HasSubstr("recbots_"))));
  for (const std::string& bytes : {std::string("\x16\x03\x01\xff\xff", 5) + std::string(200, 'x'),
                                   std::string(300, 'y'), ClientHello().substr(0, 50) + std::string(300, '\0')}) {
    clients.fds.push_back(ConnectTo(server_->port(), bytes));
  }
  EXPECT_TRUE(Get("/healthz"));
}

// Silent before the handshake, in the middle of its first message, and after it; far more than there are places.
TEST_F(HttpTlsTest, HandshakesThatHangDelayNobody) {
  Clients clients;
  const std::string hello = ClientHello();
  ASSERT_GT(hello.size(), 50u);
  for (int i = 0; i < 200; ++i) {
    for (const std::string& text : {std::string(), hello.substr(0, 7), hello.substr(0, 50), hello}) {
      clients.fds.push_back(ConnectTo(server_->port(), text));
      if (i % 20 != 0) break;  // Most say nothing.
    }
  }
  for (int round = 0; round < 3; ++round) {
    for (const std::string path : {"/metrics", "/healthz", "/statusz"}) {
      const Instant start = Instant::Now();
      const httplib::Result answer = Get(path);
      ASSERT_TRUE(answer) << path << ": " << httplib::to_string(answer.error());
      EXPECT_EQ(answer->status, 200) << path;
      // A silent client is given 5 s: had anybody waited for one, it would show.
      EXPECT_LT(Instant::Now() - start, absl::Seconds(4)) << path;
    }
  }
}

TEST_F(HttpTlsTest, AHandshakeThatHangsIsClosedAfterItsTime) {
  Clients clients;
  clients.fds.push_back(ConnectTo(server_->port(), ClientHello()));
  const Instant start = Instant::Now();
  EXPECT_THAT(ReadAll(clients.fds.back()), Not(HasSubstr("HTTP")));
  EXPECT_LT(Instant::Now() - start, absl::Seconds(15));
}

TEST_F(HttpTlsTest, AHandshakeMayComeByteByByteAndStopWaitsForNone) {
  Clients clients;
  clients.fds.push_back(ConnectTo(server_->port(), ""));
  for (const char byte : ClientHello()) ASSERT_EQ(::send(clients.fds[0], &byte, 1, MSG_NOSIGNAL), 1);
  char first = 0;
  EXPECT_EQ(::recv(clients.fds[0], &first, 1, 0), 1);
  EXPECT_EQ(first, 0x16) << "the server's hello";
  for (int i = 0; i < 20; ++i) clients.fds.push_back(ConnectTo(server_->port(), ClientHello()));
  const Instant start = Instant::Now();
  server_->Stop();
  EXPECT_LT(Instant::Now() - start, absl::Seconds(4));
}

// Clients that go away in the middle of an answer: writing to them must not end the process.
TEST_F(HttpTlsTest, ClientsThatLeaveOrDoNotReadDelayNobody) {
  for (int i = 0; i < 8; ++i) {
    httplib::SSLClient client("127.0.0.1", server_->port());
    client.enable_server_certificate_verification(false);
    size_t received = 0;
    const httplib::Result answer = client.Get("/statusz?format=text", [&received](const char*, size_t size) {
      received += size;
      return received < 10000;
    });
    EXPECT_FALSE(answer);
  }
  EXPECT_TRUE(Get("/metrics"));
}

TEST_F(HttpTlsTest, ManyClientsAtOnceAreAllServed) {
  std::atomic<int> served{0};
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 8; ++i) {
      threads.push_back(std::make_unique<Thread>("client", [&] {
        for (int n = 0; n < 10; ++n) {
          const httplib::Result answer = Get("/metrics");
          if (answer && answer->status == 200) ++served;
        }
      }));
    }
  }
  EXPECT_EQ(served, 80);
}

TEST(HttpTlsFilesTest, AreRefusedWithoutASecretInTheMessage) {
  const std::string certificate = Files().Read("role.pem"), key = Files().Read("role.key");
  for (const auto& [bad_certificate, bad_key] :
       {std::pair(std::string("x"), key), std::pair(certificate, Files().Read("stranger.key")),
        std::pair(certificate, std::string("secret"))}) {
    Metrics metrics;
    const auto server =
        HttpServer::Start({.certificate_pem = bad_certificate, .key_pem = bad_key, .token = "secret"}, metrics);
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(server.status().message()), AllOf(HasSubstr("TLS of the pages"), Not(HasSubstr("secret"))));
  }
}

}  // namespace
}  // namespace recbots
