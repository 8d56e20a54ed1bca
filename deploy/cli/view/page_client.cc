#include "deploy/cli/view/page_client.h"

#include <httplib.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/host_port.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Pages are small; more is no page of ours.
constexpr size_t kMaxBytes = size_t{16} << 20;

absl::Status NoAnswer(const std::string& url, httplib::Error error) {
  const bool tls = absl::StartsWith(url, "https://");
  const bool refused =
      tls && (error == httplib::Error::SSLServerVerification || error == httplib::Error::SSLConnection);
  return absl::UnavailableError(
      absl::StrCat("no answer from ", url, ": ", httplib::to_string(error),
                   refused ? "; --tls_ca=FILE names the authority that has signed its certificate" : ""));
}

absl::Status Refusal(const std::string& url, const std::string& path, const httplib::Response& answer) {
  const std::string what = absl::StrCat(url, path, " answers HTTP ", answer.status);
  switch (answer.status) {
    case 401:
      return absl::UnauthenticatedError(
          absl::StrCat(what, ": --token_file=FILE with the token of the cluster is wanted"));
    case 429:
      return absl::UnauthenticatedError(absl::StrCat(what, ": too many wrong tokens came from here"));
    case 404:
      return absl::NotFoundError(absl::StrCat(what, ": want the address of a learner's pages"));
    case 400:
      return absl::FailedPreconditionError(absl::StrCat(what, ": if it serves TLS, give --tls_ca=FILE, or https://"));
    default:
      return absl::FailedPreconditionError(what);
  }
}

}  // namespace

absl::StatusOr<PageClient> PageClient::Create(const std::string& address, std::shared_ptr<const Security> security,
                                              const std::string& authority_path) {
  absl::string_view rest = address;
  const bool says_https = absl::ConsumePrefix(&rest, "https://");
  const bool says_http = !says_https && absl::ConsumePrefix(&rest, "http://");
  absl::ConsumeSuffix(&rest, "/");
  RECBOTS_ASSIGN_OR_RETURN(const HostPort parsed, ParseHostPort(rest));
  const bool has_tls = security != nullptr && security->has_tls();
  if (says_http && has_tls) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", address, "' is without TLS, but the flags want TLS: want https://"));
  }
  PageClient client;
  client.url_ = absl::StrCat(says_https || has_tls ? "https://" : "http://", parsed.ToString());
  client.authority_path_ = authority_path;
  if (security != nullptr) client.token_ = security->token();
  return client;
}

absl::StatusOr<Json> PageClient::Get(const std::string& path) const {
  httplib::Client client(url_);
  const auto seconds = static_cast<time_t>(absl::ToInt64Seconds(kPatience));
  client.set_connection_timeout(seconds);
  client.set_read_timeout(seconds);
  client.set_write_timeout(seconds);
  if (!authority_path_.empty()) client.set_ca_cert_path(authority_path_.c_str());
  if (!token_.empty()) client.set_bearer_token_auth(token_.c_str());
  std::string body;
  bool too_long = false;
  const httplib::Result answer = client.Get(path, [&body, &too_long](const char* bytes, size_t size) {
    body.append(bytes, size);
    too_long = body.size() > kMaxBytes;
    return !too_long;
  });
  if (too_long) return absl::FailedPreconditionError(absl::StrCat(url_, path, ": more than ", kMaxBytes, " bytes"));
  if (!answer) return NoAnswer(url_, answer.error());
  if (answer->status != 200) return Refusal(url_, path, *answer);
  Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return absl::FailedPreconditionError(absl::StrCat(url_, path, ": the answer is no JSON object"));
  return json;
}

}  // namespace recbots
