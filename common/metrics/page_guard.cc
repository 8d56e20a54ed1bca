#include "common/metrics/page_guard.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr absl::string_view kScheme = "bearer ";
constexpr absl::string_view kCookie = "recbots_pages=";
constexpr absl::string_view kPurposeOfKey = "recbots: cookies of pages, version 1";
// Makes trying tokens against a cookie dear; costs a role about 30 ms at its start.
constexpr int kKeyRounds = 100'000;

const unsigned char* Bytes(absl::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::array<unsigned char, 32> KeyFrom(const std::string& token) {
  std::array<unsigned char, 32> key{};
  const int made = PKCS5_PBKDF2_HMAC(token.data(), static_cast<int>(token.size()), Bytes(kPurposeOfKey),
                                     static_cast<int>(kPurposeOfKey.size()), kKeyRounds, EVP_sha256(),
                                     static_cast<int>(key.size()), key.data());
  RECBOTS_CHECK(made == 1) << "OpenSSL makes no key";
  return key;
}

}  // namespace

PageGuard::PageGuard(const PageGuardOptions& options, Metrics& metrics, Clock& clock)
    : tls_(options.tls),
      cookie_lifetime_(options.cookie_lifetime),
      token_digest_(DigestOf(options.token)),
      cookie_key_(KeyFrom(options.token)),
      clock_(clock),
      limiter_(options.attempts, clock),
      missing_(metrics.counter(metric::kPageRefusals, "missing")),
      wrong_(metrics.counter(metric::kPageRefusals, "wrong")),
      limited_(metrics.counter(metric::kPageRefusals, "limited")) {}

PageGuard::Digest PageGuard::DigestOf(absl::string_view text) {
  Digest digest{};
  SHA256(Bytes(text), text.size(), digest.data());
  return digest;
}

std::string PageGuard::SignatureOf(absl::string_view expiry) const {
  Digest signature{};
  unsigned int size = 0;
  const auto* made = HMAC(EVP_sha256(), cookie_key_.data(), static_cast<int>(cookie_key_.size()), Bytes(expiry),
                          expiry.size(), signature.data(), &size);
  RECBOTS_CHECK(made != nullptr && size == signature.size()) << "OpenSSL makes no signature";
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(signature.data()), signature.size()));
}

bool PageGuard::IsValid(absl::string_view cookie) const {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(cookie, absl::MaxSplits('.', 1));
  const std::string signature = SignatureOf(parts.first);
  if (parts.second.size() != signature.size() ||
      CRYPTO_memcmp(parts.second.data(), signature.data(), signature.size()) != 0) {
    return false;
  }
  int64_t seconds = 0;
  return absl::SimpleAtoi(parts.first, &seconds) && clock_.Date() < absl::FromUnixSeconds(seconds) &&
         absl::FromUnixSeconds(seconds) <= clock_.Date() + cookie_lifetime_;
}

std::string PageGuard::MakeCookie() const {
  const std::string expiry = absl::StrCat(absl::ToUnixSeconds(clock_.Date() + cookie_lifetime_));
  return absl::StrCat(kCookie, expiry, ".", SignatureOf(expiry),
                      "; Path=/; Max-Age=", absl::ToInt64Seconds(cookie_lifetime_), "; HttpOnly; SameSite=Strict",
                      tls_ ? "; Secure" : "");
}

PageGuard::Verdict PageGuard::CheckToken(const std::string& peer, absl::string_view token) {
  if (token.empty()) return Count(Verdict::kMissing);
  if (!limiter_.MayTry(peer)) return Count(Verdict::kLimited);
  const Digest digest = DigestOf(token);
  if (CRYPTO_memcmp(digest.data(), token_digest_.data(), digest.size()) == 0) return Verdict::kGranted;
  limiter_.AddWrong(peer);
  return Count(Verdict::kWrong);
}

PageGuard::Verdict PageGuard::CheckHeaders(const std::string& peer, absl::string_view authorization,
                                           absl::string_view cookies) {
  for (absl::string_view cookie : absl::StrSplit(cookies, ';')) {
    cookie = absl::StripAsciiWhitespace(cookie);
    if (absl::ConsumePrefix(&cookie, kCookie) && IsValid(cookie)) return Verdict::kGranted;
  }
  if (!absl::StartsWithIgnoreCase(authorization, kScheme)) return Count(Verdict::kMissing);
  return CheckToken(peer, absl::StripAsciiWhitespace(authorization.substr(kScheme.size())));
}

PageGuard::Verdict PageGuard::Count(Verdict verdict) {
  (verdict == Verdict::kMissing ? missing_ : verdict == Verdict::kWrong ? wrong_ : limited_).Increment();
  return verdict;
}

}  // namespace recbots
