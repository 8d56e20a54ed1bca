#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/metrics/login_page.h"
#include "common/metrics/page_guard.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"

namespace recbots::replay {
namespace {

constexpr char kToken[] = "a-token-that-no-fuzzer-knows-0123456789";

// What a stranger sends with a request: a target, Authorization and Cookie, one line each.
struct Request {
  explicit Request(absl::string_view bytes) {
    const size_t first = std::min(bytes.find('\n'), bytes.size());
    target = bytes.substr(0, first);
    bytes.remove_prefix(std::min(bytes.size(), first + 1));
    const size_t second = std::min(bytes.find('\n'), bytes.size());
    authorization = bytes.substr(0, second);
    cookies = bytes.substr(std::min(bytes.size(), second + 1));
  }
  absl::string_view target, authorization, cookies;
};

}  // namespace

void FuzzPageRequest(absl::string_view bytes) {
  static Metrics* const metrics = new Metrics({"learner"});
  static FakeClock* const clock = new FakeClock(absl::FromUnixSeconds(1'700'000'000));
  static PageGuard* const guard = new PageGuard({.token = kToken}, *metrics, *clock);
  const Request request(bytes);
  const std::string target = SafeTarget(request.target);
  RECBOTS_CHECK(absl::StartsWith(target, "/") && !absl::StartsWith(target, "//") && !absl::StartsWith(target, "/\\"))
      << "a browser would go to another server: " << target;
  RECBOTS_CHECK(SafeTarget(target) == target) << target;
  for (const char c : target) RECBOTS_CHECK(c != '\r' && c != '\n') << "another header";
  const std::string page = LoginHtml("learner", target, request.authorization);
  const std::string empty = LoginHtml("learner", "/", "");
  const auto tags = [](absl::string_view html) { return std::count(html.begin(), html.end(), '<'); };
  RECBOTS_CHECK(tags(page) <= tags(empty) + 4) << "what a stranger sends has become a tag";
  clock->Advance(absl::Seconds(1));
  const auto verdict = guard->CheckHeaders("10.0.0.7", request.authorization, request.cookies);
  RECBOTS_CHECK(verdict != PageGuard::Verdict::kGranted);
}

std::vector<std::string> PageRequestSeeds() {
  return {"/statusz?token=guess&next=/metrics\nBearer guess\nrecbots_token=1700000000.0123abcd",
          "//evil.example/\n\nrecbots_token=", "/api/roles?a=%2F%2Fevil\nBasic Zm9vOmJhcg==\na=b; c=d",
          absl::StrCat("/metrics\nBearer ", std::string(300, 'x'), "\n", std::string(300, ';'))};
}

}  // namespace recbots::replay
