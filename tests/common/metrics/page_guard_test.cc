// Tokens, cookies and limits, without a network.
#include "common/metrics/page_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/metrics/attempt_limiter.h"
#include "common/metrics/login_page.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Verdict = PageGuard::Verdict;

constexpr char kToken[] = "0123456789abcdef-token";

class PageGuardTest : public ::testing::Test {
 protected:
  // What a browser sends back of a Set-Cookie.
  static std::string Sent(const std::string& set_cookie) { return set_cookie.substr(0, set_cookie.find(';')); }
  double Refusals(const std::string& reason) { return metrics_.counter(metric::kPageRefusals, reason).Value(); }

  FakeClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  Metrics metrics_;
  PageGuard guard_{{.token = kToken}, metrics_, clock_};
};

TEST_F(PageGuardTest, OnlyTheTokenOpens) {
  EXPECT_EQ(guard_.CheckToken("p", kToken), Verdict::kGranted);
  EXPECT_EQ(guard_.CheckToken("p", ""), Verdict::kMissing);
  const std::string token = kToken;
  for (const std::string& other : {token + "x", token.substr(1), token.substr(0, 5), "X" + token.substr(1),
                                   token + std::string(1, '\0'), std::string(4096, 'x')}) {
    EXPECT_EQ(guard_.CheckToken("p", other), Verdict::kWrong) << other;
  }
  EXPECT_EQ(Refusals("missing"), 1);
  EXPECT_EQ(Refusals("wrong"), 6);
  EXPECT_EQ(Refusals("limited"), 0);
}

TEST_F(PageGuardTest, ReadsTheHeaderOfPrograms) {
  EXPECT_EQ(guard_.CheckHeaders("p", absl::StrCat("Bearer ", kToken), ""), Verdict::kGranted);
  EXPECT_EQ(guard_.CheckHeaders("p", absl::StrCat("bearer   ", kToken, " "), ""), Verdict::kGranted);
  EXPECT_EQ(guard_.CheckHeaders("p", kToken, ""), Verdict::kMissing);
  EXPECT_EQ(guard_.CheckHeaders("p", "Bearer ", ""), Verdict::kMissing);
  EXPECT_EQ(guard_.CheckHeaders("p", absl::StrCat("Basic ", kToken), ""), Verdict::kMissing);
  EXPECT_EQ(guard_.CheckHeaders("p", "Bearer fedcba9876543210", ""), Verdict::kWrong);
}

TEST_F(PageGuardTest, ACookieHoldsForItsLifetimeAtEveryRoleWithTheToken) {
  const std::string cookie = Sent(guard_.MakeCookie());
  PageGuard other_role({.token = kToken}, metrics_, clock_);
  PageGuard other_token({.token = "fedcba9876543210-token"}, metrics_, clock_);
  EXPECT_EQ(guard_.CheckHeaders("p", "", cookie), Verdict::kGranted);
  EXPECT_EQ(guard_.CheckHeaders("p", "", "a=b; " + cookie + "; recbots_pages=stale"), Verdict::kGranted);
  EXPECT_EQ(other_role.CheckHeaders("p", "", cookie), Verdict::kGranted);
  EXPECT_EQ(other_token.CheckHeaders("p", "", cookie), Verdict::kMissing);
  clock_.Advance(absl::Hours(12) - absl::Seconds(1));
  EXPECT_EQ(guard_.CheckHeaders("p", "", cookie), Verdict::kGranted);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(guard_.CheckHeaders("p", "", cookie), Verdict::kMissing);
}

TEST_F(PageGuardTest, ACookieHoldsNoTokenAndCannotBeMadeUp) {
  const std::string set_cookie = guard_.MakeCookie();
  EXPECT_THAT(set_cookie, AllOf(HasSubstr("; HttpOnly"), HasSubstr("; SameSite=Strict"), HasSubstr("; Path=/;"),
                                HasSubstr("; Max-Age=43200"), Not(HasSubstr("Secure")), Not(HasSubstr(kToken))));
  const PageGuard with_tls({.token = kToken, .tls = true}, metrics_, clock_);
  EXPECT_THAT(with_tls.MakeCookie(), HasSubstr("; Secure"));
  const std::string cookie = Sent(set_cookie);
  for (size_t i = std::string("recbots_pages=").size(); i < cookie.size(); ++i) {
    std::string changed = cookie;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_EQ(guard_.CheckHeaders("p", "", changed), Verdict::kMissing) << changed;
    EXPECT_EQ(guard_.CheckHeaders("p", "", cookie.substr(0, i)), Verdict::kMissing) << i;
  }
  EXPECT_EQ(guard_.CheckHeaders("p", "", cookie + "0"), Verdict::kMissing);
  EXPECT_EQ(guard_.CheckHeaders("p", "", absl::StrCat("recbots_pages=", kToken)), Verdict::kMissing);
}

TEST_F(PageGuardTest, APeerThatGuessesIsSlowedAndNobodyElse) {
  const std::string cookie = Sent(guard_.MakeCookie());
  const std::string right = absl::StrCat("Bearer ", kToken);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(guard_.CheckToken("guesser", absl::StrCat("guess", i)), Verdict::kWrong);
  // The token is not looked at any more: a guesser does not learn whether it was right.
  EXPECT_EQ(guard_.CheckToken("guesser", kToken), Verdict::kLimited);
  EXPECT_EQ(guard_.CheckHeaders("guesser", right, ""), Verdict::kLimited);
  // Who has a cookie, or another address, goes on.
  EXPECT_EQ(guard_.CheckHeaders("guesser", "", cookie), Verdict::kGranted);
  EXPECT_EQ(guard_.CheckHeaders("other", right, ""), Verdict::kGranted);
  EXPECT_EQ(Refusals("limited"), 2);
  // One more attempt each second, however many come.
  int looked_at = 0;
  for (int i = 0; i < 1000; ++i) {
    clock_.Advance(absl::Milliseconds(10));
    looked_at += guard_.CheckToken("guesser", absl::StrCat("again", i)) == Verdict::kWrong ? 1 : 0;
  }
  EXPECT_NEAR(looked_at, 10, 1);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(guard_.CheckToken("guesser", kToken), Verdict::kGranted);
}

TEST(AttemptLimiterTest, RemembersABoundedNumberOfPeersAndForgetsTheOldest) {
  FakeClock clock;
  AttemptLimiter limiter({.burst = 1, .pause = absl::Hours(1), .max_peers = 100}, clock);
  for (int i = 0; i < 150; ++i) {
    limiter.AddWrong(absl::StrCat("peer", i));
    clock.Advance(absl::Milliseconds(1));
  }
  for (int i = 0; i < 150; ++i) EXPECT_EQ(limiter.MayTry(absl::StrCat("peer", i)), i < 50) << i;
}

TEST(LoginPageTest, GoesOnlyToPathsOfThisServerAndDropsTheToken) {
  const std::string status = "/statusz";
  for (const char* elsewhere : {"", "statusz", "//evil.example/", "/\\evil.example", "https://evil.example/",
                                "/statusz\r\nSet-Cookie: a=b", "/login", "/login?next=/x", "/st\xc3\xa4tus"}) {
    EXPECT_EQ(SafeTarget(elsewhere), status) << elsewhere;
  }
  EXPECT_EQ(SafeTarget("/metrics"), "/metrics");
  EXPECT_EQ(SafeTarget("/statusz?format=text"), "/statusz?format=text");
  EXPECT_EQ(SafeTarget("/statusz?token=abc"), "/statusz");
  EXPECT_EQ(SafeTarget("/statusz?a=1&token=abc&format=text&token"), "/statusz?a=1&format=text");
}

TEST(LoginPageTest, IsAFormThatEverybodyCanUse) {
  const std::string page = LoginHtml("learner", "/statusz?a=\"><script>", "");
  // In the order of the page: language, width of phones, light and dark, a labelled field.
  for (const char* part : {"lang=\"en\"", "width=device-width", "color-scheme: light dark", "method=\"post\"",
                           "<label for=\"token\">", "id=\"token\"", "type=\"password\"", "type=\"submit\""}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("role=\"alert\"")), HasSubstr("recbots learner")));
  EXPECT_THAT(LoginHtml("learner", "/", "a < b"), AllOf(HasSubstr("role=\"alert\""), HasSubstr("a &lt; b")));
}

}  // namespace
}  // namespace recbots
