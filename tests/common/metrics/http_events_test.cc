// The stream of server-sent events: every viewer gets every event, and none of them costs the others anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/metrics/http_server.h"
#include "tests/common/metrics/raw_client.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using testing::Clients;
using testing::ConnectTo;
using ::testing::HasSubstr;
using testing::ReadAll;
using ::testing::StartsWith;

constexpr char kAsk[] = "GET /events HTTP/1.1\r\nHost: x\r\n\r\n";

class HttpEventsTest : public ::testing::Test {
 protected:
  void Start(const std::string& token = "") {
    HttpServerOptions options;
    options.more.events = "/events";
    options.token = token;
    auto server = HttpServer::Start(options, metrics_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  int View() { return clients_.fds.emplace_back(ConnectTo(server_->port(), kAsk)); }
  // Waits until this many connections view the stream.
  bool AwaitViewers(size_t want) {
    const Instant deadline = Instant::Now() + absl::Seconds(20);
    while (server_->viewers() != want && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(1));
    return server_->viewers() == want;
  }
  // What comes until it ends with `end`.
  static std::string ReadUntil(int fd, const std::string& end) {
    std::string all;
    char piece[4096];
    while (!absl::EndsWith(all, end)) {
      const ssize_t n = ::recv(fd, piece, sizeof(piece), 0);
      if (n <= 0) return all + " (the connection ended)";
      all.append(piece, static_cast<size_t>(n));
    }
    return all;
  }

  Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
  Clients clients_;
};

TEST_F(HttpEventsTest, EveryViewerGetsEveryEvent) {
  Start();
  const int first = View(), second = View();
  ASSERT_TRUE(AwaitViewers(2));
  server_->SendEvent("status", R"({"seq":1})");
  server_->SendEvent("status", R"({"seq":2})");
  for (const int fd : {first, second}) {
    const std::string got = ReadUntil(fd, "{\"seq\":2}\n\n");
    EXPECT_THAT(got, AllOf(StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"),
                           HasSubstr("event: status\ndata: {\"seq\":1}\n\nevent: status\ndata: {\"seq\":2}\n\n")));
  }
}

TEST_F(HttpEventsTest, AViewerThatLeavesIsForgotten) {
  Start();
  const int fd = View();
  ASSERT_TRUE(AwaitViewers(1));
  ::close(fd);
  clients_.fds.clear();
  EXPECT_TRUE(AwaitViewers(0));
}

// 40 MiB: more than the buffers of the system take.
TEST_F(HttpEventsTest, AViewerThatDoesNotReadIsClosedAndDelaysNobody) {
  Start();
  View();
  ASSERT_TRUE(AwaitViewers(1));
  const Instant start = Instant::Now();
  const std::string data(64 << 10, 'x');
  for (int i = 0; i < 640 && server_->viewers() > 0; ++i) {
    server_->SendEvent("status", data);
    ASSERT_EQ(httplib::Client("127.0.0.1", server_->port()).Get("/healthz")->status, 200);
  }
  EXPECT_TRUE(AwaitViewers(0));
  EXPECT_LT(Instant::Now() - start, absl::Seconds(15));
}

TEST_F(HttpEventsTest, ThereIsALimitOfViewersAndPagesAreAnsweredBesideThem) {
  Start();
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_cur < 2200)
    GTEST_SKIP() << "both ends of 1,024 connections want more than " << files.rlim_cur << " files";
  for (size_t i = 0; i < 1024; ++i) {
    View();
    // No more at once than the server keeps connections that have not asked yet.
    if (i % 64 == 63) {
      ASSERT_TRUE(AwaitViewers(i + 1));
    }
  }
  // All of them get an event, beside clients that ask for pages.
  server_->SendEvent("status", "{}");
  for (const int fd : clients_.fds) EXPECT_THAT(ReadUntil(fd, "data: {}\n\n"), HasSubstr("event: status\n"));
  EXPECT_THAT(ReadAll(View()), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: ")));
  const Instant start = Instant::Now();
  EXPECT_EQ(httplib::Client("127.0.0.1", server_->port()).Get("/metrics")->status, 200);
  EXPECT_LT(Instant::Now() - start, absl::Seconds(1));
}

TEST_F(HttpEventsTest, TheStreamWantsTheTokenAsAllPages) {
  Start("secret");
  EXPECT_THAT(ReadAll(View()), StartsWith("HTTP/1.1 401 "));
  clients_.fds.push_back(
      ConnectTo(server_->port(), "GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n"));
  EXPECT_TRUE(AwaitViewers(1));
}

TEST_F(HttpEventsTest, HeadIsAnsweredAndStopEndsTheStream) {
  Start();
  EXPECT_EQ(httplib::Client("127.0.0.1", server_->port()).Head("/events")->status, 200);
  const int fd = View();
  ASSERT_TRUE(AwaitViewers(1));
  server_->Stop();
  EXPECT_THAT(ReadAll(fd), StartsWith("HTTP/1.1 200 OK"));
}

}  // namespace
}  // namespace recbots
