#include "common/metrics/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    HttpServerOptions options;
    options.role = "learner";
    options.status = [] { return std::vector<StatusSection>{{"Run", {{"updates", "7"}}}}; };
    options.healthy = [this] { return healthy_.load(); };
    auto server = HttpServer::Start(options, metrics_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  httplib::Result Get(const std::string& path) { return httplib::Client("127.0.0.1", server_->port()).Get(path); }

  // A connection that has sent `text` and nothing more.
  int Connect(const std::string& text) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::send(fd, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    return fd;
  }

  Metrics metrics_;
  std::atomic<bool> healthy_{true};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ServesMetrics) {
  metrics_.counter(metric::kLearnerUpdates).Increment(3);
  const auto result = Get("/metrics");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_THAT(result->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
  EXPECT_THAT(result->body, HasSubstr("recbots_learner_updates_total 3\n"));
}

TEST_F(HttpServerTest, HealthFollowsTheRole) {
  EXPECT_EQ(Get("/healthz")->body, "ok\n");
  healthy_ = false;
  const auto result = Get("/healthz");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 503);
  EXPECT_EQ(result->body, "not ready\n");
}

TEST_F(HttpServerTest, StatusIsAPageOrText) {
  const auto page = Get("/statusz");
  ASSERT_TRUE(page);
  EXPECT_THAT(page->get_header_value("Content-Type"), HasSubstr("text/html"));
  EXPECT_THAT(page->body, AllOf(HasSubstr("recbots learner"), HasSubstr("updates")));
  const auto text = Get("/statusz?format=text");
  ASSERT_TRUE(text);
  EXPECT_THAT(text->get_header_value("Content-Type"), HasSubstr("text/plain"));
  EXPECT_THAT(text->body, HasSubstr("  updates: 7\n"));
}

TEST_F(HttpServerTest, OtherPathsAreNotFoundAndNameTheThree) {
  for (const std::string path : {"/", "/metric", "/metrics/x", "/../etc/passwd", "/%00"}) {
    const auto result = Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 404) << path;
    EXPECT_THAT(result->body, AllOf(HasSubstr("/metrics"), HasSubstr("/healthz"), HasSubstr("/statusz")));
  }
}

TEST_F(HttpServerTest, OnlyGetAndHeadAreAllowed) {
  httplib::Client client("127.0.0.1", server_->port());
  EXPECT_EQ(client.Post("/metrics", "x", "text/plain")->status, 405);
  EXPECT_EQ(client.Put("/metrics", "x", "text/plain")->status, 405);
  EXPECT_EQ(client.Delete("/metrics")->status, 405);
  const auto head = client.Head("/healthz");
  ASSERT_TRUE(head);
  EXPECT_EQ(head->status, 200);
  EXPECT_THAT(head->body, IsEmpty());
}

TEST_F(HttpServerTest, RefusesAPortInUseAndNamesTheAddress) {
  const std::string address = absl::StrCat("127.0.0.1:", server_->port());
  EXPECT_EQ(server_->address(), address);
  const auto second = HttpServer::Start({.address = address}, metrics_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST_F(HttpServerTest, RefusesAddressesThatAreNone) {
  for (const std::string address : {"", "8080", "no-such-host.invalid:0", "127.0.0.1:99999"}) {
    const auto server = HttpServer::Start({.address = address}, metrics_);
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << address;
  }
}

TEST_F(HttpServerTest, ThePortIsFreeAgainAfterStop) {
  const std::string address = server_->address();
  server_->Stop();
  server_->Stop();
  EXPECT_FALSE(Get("/healthz"));
  EXPECT_TRUE(HttpServer::Start({.address = address}, metrics_).ok());
}

TEST_F(HttpServerTest, StopsRightAfterStartAndManyTimes) {
  for (int i = 0; i < 50; ++i) {
    auto server = HttpServer::Start({}, metrics_);
    ASSERT_TRUE(server.ok());
  }
}

// Clients that connect and say nothing, half a request, or never read: more of them than the server has threads.
TEST_F(HttpServerTest, StuckClientsDoNotHoldUpStop) {
  std::vector<int> clients;
  for (int i = 0; i < 4; ++i) {
    for (const std::string text : {"", "GET /metr", "GET /metrics HTTP/1.1\r\nHost: x\r\n", "\r\n\r\n\x01\xff"}) {
      clients.push_back(Connect(text));
    }
  }
  const Instant start = Instant::Now();
  server_->Stop();
  // Waiting for them would take 5 s for every three, 25 s and more in all.
  EXPECT_LT(Instant::Now() - start, absl::Seconds(20));
  for (const int fd : clients) ::close(fd);
}

TEST_F(HttpServerTest, ManyClientsAtOnceAreAllServed) {
  std::atomic<int> served{0};
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 8; ++i) {
      threads.push_back(std::make_unique<Thread>("client", [&] {
        for (int n = 0; n < 20; ++n) {
          const auto result = Get(n % 2 == 0 ? "/metrics" : "/statusz");
          if (result && result->status == 200) ++served;
        }
      }));
    }
  }
  EXPECT_EQ(served, 160);
}

}  // namespace
}  // namespace recbots
