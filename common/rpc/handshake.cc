#include "common/rpc/handshake.h"

#include <array>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

struct Explanation {
  absl::string_view text;
  absl::string_view meaning;
};

constexpr absl::string_view kFailed = "SSL_ERROR_SSL";

constexpr std::array<Explanation, 5> kHandshakes = {{
    {"wrong version number",
     "one side speaks TLS and the other does not: give both --tls_cert, --tls_key and --tls_ca, or neither"},
    {"http request", "the other side speaks without TLS: give it --tls_ca, and --tls_cert with --tls_key"},
    {"did not return a certificate", "the client shows no certificate: give it --tls_cert and --tls_key"},
    {"certificate verify failed",
     "the peer's certificate is not signed by --tls_ca, or expired: give both sides the same authority"},
    {kFailed, "give both sides certificates of the same authority"},
}};

// Errors by which a connection closed by the peer shows: when reading, when writing, or when the peer left bytes
// unread.
constexpr std::array<absl::string_view, 3> kClosings = {"Socket closed", "Broken pipe", "Connection reset by peer"};

constexpr absl::string_view kClosed =
    "it takes the connection and closes it: it may want TLS (--tls_ca), or a client certificate of its own authority "
    "(--tls_cert, --tls_key)";

}  // namespace

absl::string_view ExplainHandshake(absl::string_view text) {
  // gRPC, not OpenSSL, finds that the certificate does not bear the name.
  if (absl::StrContains(text, "is not in peer certificate")) {
    return "the server's certificate does not bear the name by which it was called: give it one (subjectAltName) with "
           "all names that clients use, localhost for unix: addresses";
  }
  if (!absl::StrContains(text, kFailed)) return "";
  for (const Explanation& known : kHandshakes) {
    if (absl::StrContains(text, known.text)) return known.meaning;
  }
  return "";
}

absl::Status ExplainConnection(const absl::Status& status) {
  const absl::string_view text = status.message();
  if (!absl::IsUnavailable(status) || !absl::StrContains(text, "failed to connect to all addresses")) return status;
  if (const absl::string_view meaning = ExplainHandshake(text); !meaning.empty()) {
    return absl::UnauthenticatedError(absl::StrCat("TLS handshake failed: ", meaning, " [", text, "]"));
  }
  for (const absl::string_view closing : kClosings) {
    if (absl::StrContains(text, closing)) return absl::UnavailableError(absl::StrCat(kClosed, " [", text, "]"));
  }
  if (absl::StrContains(text, "tcp handshaker shutdown")) {
    return absl::UnavailableError(absl::StrCat("nobody answers there in time [", text, "]"));
  }
  return status;
}

}  // namespace recbots
