// The pages with TLS and token, as browsers, programs and attackers meet them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/metrics/http_server.h"
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

constexpr char kToken[] = "0123456789abcdef-token";
const httplib::Headers kBrowser = {{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}};
const httplib::Headers kProgram = {{"Authorization", absl::StrCat("Bearer ", kToken)}};

testing::CertificateFolder& Files() {
  static testing::CertificateFolder files;
  return files;
}

// Every test runs without TLS and with it.
class HttpSecurityTest : public ::testing::TestWithParam<bool> {
 protected:
  HttpSecurityTest() {
    HttpServerOptions options;
    options.role = "learner";
    options.token = kToken;
    if (tls()) {
      options.certificate_pem = Files().Read("role.pem");
      options.key_pem = Files().Read("role.key");
    }
    options.status = [] { return std::vector<StatusSection>{{"Run", {{"updates", "7"}}}}; };
    auto server = HttpServer::Start(options, metrics_);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  static bool tls() { return GetParam(); }
  httplib::Client MakeClient() const {
    httplib::Client client(absl::StrCat(tls() ? "https://" : "http://", server_->address()));
    client.set_ca_cert_path(Files().Path("ca.pem").c_str());
    client.enable_server_certificate_verification(true);
    return client;
  }
  httplib::Result Get(const std::string& path, const httplib::Headers& headers = {}) const {
    return MakeClient().Get(path, headers);
  }
  httplib::Result Login(const std::string& token, const std::string& next) const {
    return MakeClient().Post("/login", kBrowser, httplib::Params{{"token", token}, {"next", next}});
  }
  static httplib::Headers CookieOf(const httplib::Result& answer) {
    const std::string set = answer->get_header_value("Set-Cookie");
    return {{"Cookie", set.substr(0, set.find(';'))}};
  }
  double Refusals(const std::string& reason) { return metrics_.counter(metric::kPageRefusals, reason).Value(); }

  Metrics metrics_;
  std::unique_ptr<HttpServer> server_;
};

TEST_P(HttpSecurityTest, EveryPathButHealthWantsTheToken) {
  EXPECT_EQ(Get("/healthz")->body, "ok\n");
  for (const std::string path :
       {"/metrics", "/statusz", "/statusz?format=text", "/", "/nowhere", "/healthz/x", "//healthz", "/login/x"}) {
    const httplib::Result refused = Get(path);
    ASSERT_TRUE(refused) << path << ": " << httplib::to_string(refused.error());
    EXPECT_EQ(refused->status, 401) << path;
    EXPECT_EQ(refused->get_header_value("WWW-Authenticate"), "Bearer");
    EXPECT_THAT(refused->get_header_value("Content-Type"), StartsWith("text/plain"));
    EXPECT_THAT(refused->body, StartsWith("no token, want ")) << path;
    EXPECT_EQ(Get(path, kProgram)->status, path.find("/metrics") == 0 || path.find("/statusz") == 0 ? 200 : 404);
  }
  EXPECT_EQ(MakeClient().Head("/metrics")->status, 401);
  EXPECT_EQ(MakeClient().Post("/metrics", kProgram, "x", "text/plain")->status, 405);
  EXPECT_EQ(Refusals("missing"), 9);
  EXPECT_THAT(Get("/metrics", kProgram)->body,
              HasSubstr("recbots_process_page_refusals_total{reason=\"missing\"} 9\n"));
}

TEST_P(HttpSecurityTest, AWrongTokenIsRefusedCountedAndSlowed) {
  const httplib::Headers wrong = {{"Authorization", "Bearer fedcba9876543210-token"}};
  EXPECT_EQ(Get("/metrics", wrong)->status, 401);
  EXPECT_EQ(Get("/metrics", wrong)->body, "another token than that of this role's --token_file\n");
  EXPECT_EQ(Refusals("wrong"), 2);
  // Ten at once are looked at, and one more for each second that the attempts take.
  httplib::Result limited = Get("/metrics", wrong);
  for (int i = 0; i < 1000 && limited->status == 401; ++i) limited = Get("/metrics", wrong);
  EXPECT_EQ(limited->status, 429);
  EXPECT_EQ(limited->get_header_value("Retry-After"), "1");
  EXPECT_EQ(Refusals("limited"), 1);
  EXPECT_EQ(Get("/healthz")->status, 200);
  // Another address is not affected.
  httplib::Client elsewhere = MakeClient();
  elsewhere.set_interface("127.0.0.2");
  EXPECT_EQ(elsewhere.Get("/metrics", kProgram)->status, 200);
  EXPECT_EQ(elsewhere.Get("/metrics", wrong)->status, 401);
}

TEST_P(HttpSecurityTest, ABrowserLogsInWithTheForm) {
  const httplib::Result form = Get("/statusz?format=text", kBrowser);
  EXPECT_EQ(form->status, 401);
  EXPECT_THAT(form->get_header_value("Content-Type"), StartsWith("text/html"));
  EXPECT_THAT(form->body, AllOf(HasSubstr("action=\"/login\""), HasSubstr("value=\"/statusz?format=text\"")));
  EXPECT_THAT(form->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(Get("/login", kBrowser)->status, 200);

  const httplib::Result wrong = Login("fedcba9876543210-token", "/metrics");
  EXPECT_EQ(wrong->status, 401);
  EXPECT_FALSE(wrong->has_header("Set-Cookie"));
  EXPECT_THAT(wrong->body,
              AllOf(HasSubstr("role=\"alert\""), HasSubstr("value=\"/metrics\""), Not(HasSubstr("fedcba9876543210"))));

  const httplib::Result in = Login(absl::StrCat(" ", kToken, "\n"), "/statusz?format=text");
  EXPECT_EQ(in->status, 303);
  EXPECT_EQ(in->get_header_value("Location"), "/statusz?format=text");
  const std::string cookie = in->get_header_value("Set-Cookie");
  EXPECT_THAT(cookie, AllOf(HasSubstr("HttpOnly"), HasSubstr("SameSite=Strict"), Not(HasSubstr(kToken))));
  EXPECT_EQ(cookie.find("Secure") != std::string::npos, tls());
  const httplib::Result page = Get("/statusz?format=text", CookieOf(in));
  EXPECT_THAT(page->body, HasSubstr("updates: 7"));
  EXPECT_EQ(page->get_header_value_count("Cache-Control"), 1u);
  EXPECT_EQ(Login(kToken, "//evil.example/")->get_header_value("Location"), "/statusz");
}

TEST_P(HttpSecurityTest, ATokenInTheAddressBecomesACookieAndLeavesTheAddress) {
  const httplib::Result in = Get(absl::StrCat("/statusz?token=", kToken, "&format=text"), kBrowser);
  EXPECT_EQ(in->status, 303);
  EXPECT_EQ(in->get_header_value("Location"), "/statusz?format=text");
  EXPECT_EQ(in->get_header_value("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(Get("/metrics", CookieOf(in))->status, 200);
  EXPECT_EQ(Get(absl::StrCat("//evil.example/?token=", kToken))->get_header_value("Location"), "/statusz");
  const httplib::Result wrong = Get("/statusz?token=fedcba9876543210", kBrowser);
  EXPECT_EQ(wrong->status, 401);
  EXPECT_THAT(wrong->body, AllOf(HasSubstr("role=\"alert\""), Not(HasSubstr("fedcba9876543210"))));
}

// Bytes written by hand, which is easier without TLS.
class HttpBodyTest : public HttpSecurityTest {};

// A login whose body comes late, in part, or is larger than any token.
TEST_P(HttpBodyTest, IsReadToItsEndAndIsBounded) {
  const std::string body = absl::StrCat("token=", kToken);
  const auto head = [](size_t length) {
    return absl::StrCat("POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                        "content-LENGTH: ", length, "\r\n\r\n");
  };
  Clients clients;
  clients.fds.push_back(ConnectTo(server_->port(), head(body.size())));
  for (const char byte : body) ASSERT_EQ(::send(clients.fds.back(), &byte, 1, MSG_NOSIGNAL), 1);
  EXPECT_THAT(ReadAll(clients.fds.back()), AllOf(StartsWith("HTTP/1.1 303"), HasSubstr("recbots_pages=")));
  clients.fds.push_back(ConnectTo(server_->port(), head(20000)));
  EXPECT_THAT(ReadAll(clients.fds.back()), StartsWith("HTTP/1.1 413"));
  clients.fds.push_back(ConnectTo(server_->port(), head(100) + body));  // Silent after that: closed after 5 s.
  ASSERT_TRUE(Get("/healthz"));
  EXPECT_EQ(ReadAll(clients.fds.back()), "");
}

// Requests with bytes changed, left out or added: none of them is let in, and the next client is served.
TEST_P(HttpBodyTest, DamagedRequestsLetNobodyIn) {
  const std::string whole =
      "POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\nCookie: recbots_pages=1.2\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\nAuthorization: Bearer "
      "x\r\n\r\ntoken=%41%zz&next=//evil.example";
  uint32_t bits = 1;
  const auto draw = [&bits](size_t n) { return (bits = bits * 1664525 + 1013904223) / 65536 % n; };
  for (int i = 0; i < 300; ++i) {
    std::string request = whole;
    for (size_t changes = 1 + draw(4); changes > 0; --changes) {
      const size_t at = draw(request.size());
      const char byte =
          "\r\n:;=%?&/ \0\xff"
          "9G"[draw(14)];
      if (draw(3) == 0) {
        request.erase(at, draw(10));
      } else {
        request.replace(at, draw(2), std::string(1 + draw(3), byte));
      }
    }
    Clients clients;
    clients.fds.push_back(ConnectTo(server_->port(), request));
    ::shutdown(clients.fds[0], SHUT_WR);
    const std::string answer = ReadAll(clients.fds[0]);
    EXPECT_THAT(answer, AllOf(Not(HasSubstr("Set-Cookie")), Not(HasSubstr("HTTP/1.1 303")))) << request;
  }
  EXPECT_EQ(Get("/healthz")->status, 200);
}

INSTANTIATE_TEST_SUITE_P(Plain, HttpBodyTest, ::testing::Values(false));
INSTANTIATE_TEST_SUITE_P(All, HttpSecurityTest, ::testing::Bool(),
                         [](const auto& tls) { return tls.param ? "Tls" : "Plain"; });

}  // namespace
}  // namespace recbots
