#include "common/metrics/http_server.h"

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
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "tests/common/metrics/raw_client.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using testing::Clients;
using testing::ConnectTo;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    HttpServerOptions options;
    options.role = "learner";
    options.status = [] { return std::vector<StatusSection>{{"Run", {{"updates", "7"}}}}; };
    options.unhealthy = [this] { return healthy_ ? "" : "no step for 42 s"; };
    options.json_pages = {{"/api/roles", [] { return R"({"roles":[]})"; }}};
    options.more.pages = {{"/api/echo", "text/plain", [](const WebPage::Parameters& parameters) {
                             const auto found = parameters.find("say");
                             if (found == parameters.end()) return WebPage::Answer{400, "say what?"};
                             return WebPage::Answer{200, found->second};
                           }}};
    options.more.events = "/api/events";
    auto server = HttpServer::Start(options, metrics_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  httplib::Result Get(const std::string& path) { return httplib::Client("127.0.0.1", server_->port()).Get(path); }

  int Connect(const std::string& text) { return ConnectTo(server_->port(), text); }

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
  EXPECT_EQ(result->body, "no step for 42 s\n");
}

TEST_F(HttpServerTest, ServesThePagesThatARoleAdds) {
  const auto page = Get("/api/roles");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->get_header_value("Content-Type"), "application/json");
  EXPECT_EQ(page->body, R"({"roles":[]})");
  const auto other = Get("/api/role");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->status, 404);
  EXPECT_EQ(other->body,
            "not found: this server has /metrics, /healthz, /statusz, /api/roles, /api/echo, /api/events\n");
}

TEST_F(HttpServerTest, PagesGetTheParametersAndMayLoadOnlyFromHere) {
  const auto page = Get("/api/echo?say=a%20b&say=c");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, "a b");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"),
              AllOf(HasSubstr("default-src 'none'"), HasSubstr("script-src 'self'")));
  EXPECT_EQ(Get("/api/echo")->status, 400);
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
  // Waiting for them would take 5 s for each group that is served together.
  EXPECT_LT(Instant::Now() - start, absl::Seconds(20));
  for (const int fd : clients) ::close(fd);
}

// Far more of each kind than there are threads: whatever one of them can hold, they hold.
TEST_F(HttpServerTest, SilentAndSlowClientsDelayNobody) {
  Clients clients;
  for (int i = 0; i < 200; ++i) {
    for (const std::string text : {"", "GET /metr", "GET /metrics HTTP/1.1\r\nHost: x\r\n"}) {
      clients.fds.push_back(Connect(text));
      if (i % 20 != 0) break;  // Most say nothing.
    }
  }
  // A client gives up after 5 s without a byte, which is what one silent connection may take.
  for (int round = 0; round < 3; ++round) {
    for (const std::string path : {"/metrics", "/healthz", "/statusz"}) {
      const auto result = Get(path);
      ASSERT_TRUE(result) << path << ": " << httplib::to_string(result.error());
      EXPECT_EQ(result->status, 200) << path;
    }
  }
}

TEST_F(HttpServerTest, TheOldestSilentConnectionMakesRoom) {
  Clients clients;
  for (int i = 0; i < 400; ++i) clients.fds.push_back(Connect(""));
  ASSERT_TRUE(Get("/healthz"));
  // The first one was closed; of the last ones each can still ask.
  char byte = 0;
  EXPECT_LE(::recv(clients.fds.front(), &byte, 1, 0), 0);
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_EQ(::send(clients.fds.back(), request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  EXPECT_EQ(::recv(clients.fds.back(), &byte, 1, 0), 1);
}

TEST_F(HttpServerTest, ARequestMayComeByteByByte) {
  Clients clients;
  clients.fds.push_back(Connect(""));
  for (const char byte : std::string("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")) {
    ASSERT_EQ(::send(clients.fds[0], &byte, 1, MSG_NOSIGNAL), 1);
  }
  std::string answer;
  char piece[256];
  for (ssize_t n = 0; (n = ::recv(clients.fds[0], piece, sizeof(piece), 0)) > 0;) {
    answer.append(piece, static_cast<size_t>(n));
  }
  EXPECT_THAT(answer, AllOf(HasSubstr("HTTP/1.1 200"), HasSubstr("\r\n\r\nok\n")));
}

TEST_F(HttpServerTest, HeadersWithoutEndAreRefused) {
  Clients clients;
  const std::string endless = "GET /healthz HTTP/1.1\r\n" + std::string(20000, 'x');
  clients.fds.push_back(Connect(endless));
  char piece[64];
  const ssize_t n = ::recv(clients.fds[0], piece, sizeof(piece), 0);
  ASSERT_GT(n, 0);
  EXPECT_THAT(std::string(piece, static_cast<size_t>(n)), HasSubstr("431"));
}

// A page larger than what sockets keep, asked for by clients that never read it.
TEST(HttpServerClientsTest, ClientsThatDoNotReadDelayNobody) {
  Metrics metrics;
  HttpServerOptions options;
  const std::string much(size_t{16} << 20, 'x');
  options.status = [&much] { return std::vector<StatusSection>{{"Run", {{"much", much}}}}; };
  const auto server = HttpServer::Start(std::move(options), metrics);
  ASSERT_TRUE(server.ok()) << server.status();
  Clients clients;
  for (int i = 0; i < 8; ++i) {
    clients.fds.push_back(ConnectTo((*server)->port(), "GET /statusz?format=text HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  for (const std::string path : {"/metrics", "/healthz", "/statusz?format=text"}) {
    const auto result = httplib::Client("127.0.0.1", (*server)->port()).Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 200);
    EXPECT_TRUE(path[1] != 's' || result->body.size() > much.size()) << result->body.size();
  }
}

// A role whose status waits for something that takes long: its metrics and its health do not.
TEST(HttpServerClientsTest, AStatusThatWaitsDelaysNeitherMetricsNorHealth) {
  Metrics metrics;
  Mutex mu;
  bool free = false;
  HttpServerOptions options;
  options.status = [&] {
    MutexLock lock(&mu);
    mu.AwaitFor([&free] { return free; }, absl::Seconds(60));
    return std::vector<StatusSection>();
  };
  const auto server = HttpServer::Start(std::move(options), metrics);
  ASSERT_TRUE(server.ok()) << server.status();
  Clients clients;
  for (int i = 0; i < 100; ++i) {
    clients.fds.push_back(ConnectTo((*server)->port(), "GET /statusz HTTP/1.1\r\nHost: x\r\n\r\n"));
  }
  for (const std::string path : {"/metrics", "/healthz"}) {
    const auto result = httplib::Client("127.0.0.1", (*server)->port()).Get(path);
    ASSERT_TRUE(result) << path;
    EXPECT_EQ(result->status, 200);
  }
  MutexLock lock(&mu);
  free = true;
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
