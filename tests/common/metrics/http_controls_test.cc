// Who may POST to a role's controls: the role's own page and programs on its machine, or any client that has the token.
#include "common/metrics/http_controls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

httplib::Request Ask(const httplib::Headers& headers, const std::string& peer = "127.0.0.1") {
  httplib::Request request;
  request.method = "POST";
  request.path = "/control";
  request.headers = headers;
  request.remote_addr = peer;
  return request;
}

const httplib::Headers kPlain = {{"Host", "127.0.0.1:9100"}, {"Content-Type", "application/json"}};

httplib::Headers With(const std::string& name, const std::string& value) {
  httplib::Headers headers = kPlain;
  headers.erase(name);
  headers.emplace(name, value);
  return headers;
}

TEST(HttpControlsTest, ProgramsAndTheOwnPageOnThisMachineAreHeard) {
  const ControlRules open = {};
  for (const httplib::Headers& headers :
       {kPlain, With("Host", "localhost:9100"), With("Host", "[::1]:9100"), With("Origin", "http://127.0.0.1:9100"),
        With("Sec-Fetch-Site", "same-origin"), With("Content-Type", "Application/JSON; charset=utf-8")}) {
    EXPECT_TRUE(CheckControl(Ask(headers), open).ok()) << CheckControl(Ask(headers), open);
  }
  EXPECT_TRUE(CheckControl(Ask(kPlain, "::/64"), open).ok()) << "the network of ::1";
}

TEST(HttpControlsTest, PagesOfOtherSitesAreRefusedWithAndWithoutAToken) {
  for (const bool has_token : {false, true}) {
    const ControlRules rules = {.has_token = has_token};
    for (const std::string site : {"cross-site", "same-site", "none"}) {
      const absl::Status status = CheckControl(Ask(With("Sec-Fetch-Site", site)), rules);
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << site;
      EXPECT_THAT(std::string(status.message()), HasSubstr(site));
    }
    for (const std::string origin : {"http://evil.example", "http://127.0.0.1:9101", "https://127.0.0.1:9100", "null",
                                     "http://127.0.0.1:9100.evil.example"}) {
      const absl::Status status = CheckControl(Ask(With("Origin", origin)), rules);
      EXPECT_TRUE(absl::IsPermissionDenied(status)) << origin;
      EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(origin), HasSubstr("http://127.0.0.1:9100")));
    }
    // What a form can send.
    for (const std::string type : {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
                                   "application/jsonx", "text/plain; application/json"}) {
      const absl::Status status = CheckControl(Ask(With("Content-Type", type)), rules);
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << type;
      EXPECT_THAT(std::string(status.message()), HasSubstr("want application/json"));
    }
  }
  EXPECT_TRUE(CheckControl(Ask(With("Origin", "https://127.0.0.1:9100")), {.tls = true}).ok());
}

TEST(HttpControlsTest, OtherMachinesWantAToken) {
  const std::vector<httplib::Request> others = {Ask(kPlain, "172.17.0.1"),
                                                Ask(kPlain, "2001:db8::/64"),
                                                Ask(kPlain, ""),
                                                Ask(With("X-Forwarded-For", "10.0.0.1")),
                                                Ask(With("Forwarded", "for=10.0.0.1")),
                                                Ask(With("Host", "rebound.example:9100")),
                                                Ask(With("Host", "127.0.0.1.evil.example")),
                                                Ask(With("Host", "")),
                                                Ask(With("Host", "localhost.evil.example"))};
  for (const httplib::Request& request : others) {
    const absl::Status status = CheckControl(request, {});
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("--token_file=FILE"));
    EXPECT_TRUE(CheckControl(request, {.has_token = true}).ok()) << "the guard has asked for it";
  }
}

class ControlServerTest : public ::testing::Test {
 protected:
  void Start(const std::string& token) {
    HttpServerOptions options;
    options.token = token;
    options.more.controls = {{"/control", [this](const std::string& body) {
                                bodies_.push_back(body);
                                return WebPage::Answer{body == "no" ? 409 : 200, "{}\n"};
                              }}};
    auto server = HttpServer::Start(options, metrics_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  httplib::Result Post(const std::string& body, const httplib::Headers& headers = {}) {
    return httplib::Client("127.0.0.1", server_->port()).Post("/control", headers, body, "application/json");
  }

  Metrics metrics_;
  std::vector<std::string> bodies_;  // Read when the answer has come.
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ControlServerTest, ActsOnWhatIsAskedAndOnNothingElse) {
  Start("");
  EXPECT_EQ(Post("{\"a\":1}")->status, 200);
  EXPECT_EQ(Post("no")->status, 409);
  EXPECT_EQ(Post("x", {{"Origin", "http://evil.example"}})->status, 403);
  EXPECT_EQ(Post("x", {{"Sec-Fetch-Site", "cross-site"}})->status, 403);
  httplib::Client client("127.0.0.1", server_->port());
  const auto form = client.Post("/control", "x", "text/plain");
  EXPECT_EQ(form->status, 415);
  EXPECT_EQ(form->body, "{\"error\":\"Content-Type 'text/plain', want application/json\"}\n");
  const auto get = client.Get("/control");
  EXPECT_EQ(get->status, 405);
  EXPECT_EQ(get->get_header_value("Allow"), "POST");
  EXPECT_EQ(client.Put("/control", "x", "application/json")->status, 405);
  // A preflight request gets no leave.
  const auto preflight = client.Options("/control");
  EXPECT_EQ(preflight->status, 405);
  EXPECT_FALSE(preflight->has_header("Access-Control-Allow-Origin"));
  EXPECT_THAT(bodies_, ::testing::ElementsAre("{\"a\":1}", "no"));
}

TEST_F(ControlServerTest, WantsTheTokenInAHeaderOrACookie) {
  Start("secret");
  EXPECT_EQ(Post("x")->status, 401);
  EXPECT_EQ(Post("x", {{"Authorization", "Bearer other"}})->status, 401);
  httplib::Client client("127.0.0.1", server_->port());
  EXPECT_EQ(client.Post("/control?token=secret", "x", "application/json")->status, 401) << "not in the address";
  EXPECT_TRUE(bodies_.empty());
  EXPECT_EQ(Post("x", {{"Authorization", "Bearer secret"}, {"Host", "learner.example:9100"}})->status, 200);
  const auto login = client.Get("/?token=secret");
  const std::string cookie = login->get_header_value("Set-Cookie");
  EXPECT_THAT(cookie, HasSubstr("SameSite=Strict"));
  const std::string shown = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(Post("y", {{"Cookie", shown}})->status, 200);
  EXPECT_EQ(Post("z", {{"Cookie", shown}, {"Origin", "http://evil.example"}})->status, 403);
  EXPECT_THAT(bodies_, ::testing::ElementsAre("x", "y"));
}

}  // namespace
}  // namespace recbots
