// Decides who may see a role's pages: everybody who shows the token, and every browser that has shown it.
//
// A browser gets a cookie in exchange for the token. The cookie is the date until which it holds and that date's
// HMAC-SHA-256 under a key made from the token: all roles that share the token accept each other's cookies (browsers
// send a cookie to every port of a host), no role has to remember any, and another token ends all of them. From a
// cookie the token cannot be computed: a guess costs 100,000 rounds of PBKDF2.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "common/base/clock.h"
#include "common/metrics/attempt_limiter.h"
#include "common/metrics/metrics.h"

namespace recbots {

struct PageGuardOptions {
  std::string token;
  // The pages are served over TLS: browsers send the cookie nowhere else.
  bool tls = false;
  absl::Duration cookie_lifetime = absl::Hours(12);
  AttemptLimiterOptions attempts = {};
};

// Thread-safe. Comparisons take the same time wherever the compared values differ, and however long they are.
class PageGuard {
 public:
  enum class Verdict {
    kGranted,
    kMissing,  // No token was shown.
    kWrong,    // Another token was shown.
    kLimited,  // The token was not looked at, because the peer has shown too many wrong ones.
  };

  // `metrics` and `clock` must outlive the guard.
  PageGuard(const PageGuardOptions& options, Metrics& metrics, Clock& clock);

  // `peer` is HttpTransport::Peer. Counts refusals.
  Verdict CheckToken(const std::string& peer, absl::string_view token);
  // The same for a request's headers Authorization and Cookie ("" if the request lacks one). A cookie that has expired
  // or belongs to another token is as none.
  Verdict CheckHeaders(const std::string& peer, absl::string_view authorization, absl::string_view cookies);

  // The value of a header Set-Cookie that makes a browser show a cookie from now on.
  std::string MakeCookie() const;

 private:
  using Digest = std::array<unsigned char, 32>;

  static Digest DigestOf(absl::string_view text);
  std::string SignatureOf(absl::string_view expiry) const;
  bool IsValid(absl::string_view cookie) const;
  Verdict Count(Verdict verdict);

  const bool tls_;
  const absl::Duration cookie_lifetime_;
  const Digest token_digest_;
  const Digest cookie_key_;
  Clock& clock_;
  AttemptLimiter limiter_;
  prometheus::Counter& missing_;
  prometheus::Counter& wrong_;
  prometheus::Counter& limited_;
};

}  // namespace recbots
