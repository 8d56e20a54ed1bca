#include "common/rpc/security.h"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/rpc/pem.h"

namespace recbots {
namespace {

constexpr char kTokenKey[] = "authorization";
constexpr char kTokenScheme[] = "Bearer ";
constexpr int64_t kMaxPemBytes = 1 << 20;
constexpr size_t kMinTokenBytes = 16;
constexpr size_t kMaxTokenBytes = 4096;

absl::Status Refuse(absl::string_view flag, const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--", flag, " '", path, "': ", why));
}

absl::StatusOr<std::string> ReadSecret(absl::string_view flag, const std::string& path) {
  absl::StatusOr<std::string> content = ReadFile(path, kMaxPemBytes);
  if (!content.ok()) return Refuse(flag, path, absl::StrCat("cannot be read: ", content.status().message()));
  if (content->empty()) return Refuse(flag, path, "is empty");
  return content;
}

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(const std::string content, ReadSecret("token_file", path));
  absl::string_view token = content;
  absl::ConsumeSuffix(&token, "\n");
  absl::ConsumeSuffix(&token, "\r");
  if (token.size() < kMinTokenBytes || token.size() > kMaxTokenBytes) {
    return Refuse("token_file", path,
                  absl::StrCat("token of ", token.size(), " characters, want ", kMinTokenBytes, "..", kMaxTokenBytes));
  }
  const auto odd = std::find_if(token.begin(), token.end(), [](char c) { return c <= ' ' || c > '~'; });
  if (odd == token.end()) return std::string(token);
  return Refuse("token_file", path,
                absl::StrCat("character ", odd - token.begin(), " of the token is code ",
                             static_cast<int>(static_cast<unsigned char>(*odd)),
                             ", want one line of printable characters without blanks"));
}

absl::Status CheckPair(const SecurityOptions& options) {
  if (options.certificate_path.empty() == options.key_path.empty()) return absl::OkStatus();
  return options.key_path.empty()
             ? Refuse("tls_cert", options.certificate_path, "its private key is missing, want --tls_key=FILE as well")
             : Refuse("tls_key", options.key_path, "its certificate is missing, want --tls_cert=FILE as well");
}

absl::StatusOr<std::string> ReadCertificates(absl::string_view flag, const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(std::string pem, ReadSecret(flag, path));
  if (const absl::Status status = CheckCertificates(pem, absl::Now()); !status.ok()) {
    return Refuse(flag, path, status.message());
  }
  return pem;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Security>> Security::Load(const SecurityOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckPair(options));
  std::shared_ptr<Security> security(new Security());
  if (!options.certificate_path.empty()) {
    RECBOTS_ASSIGN_OR_RETURN(security->certificate_, ReadCertificates("tls_cert", options.certificate_path));
    RECBOTS_ASSIGN_OR_RETURN(security->key_, ReadSecret("tls_key", options.key_path));
    if (const absl::Status status = CheckKey(security->key_, security->certificate_); !status.ok()) {
      return Refuse("tls_key", options.key_path,
                    absl::StrCat(status.message(), " (--tls_cert '", options.certificate_path, "')"));
    }
  }
  if (!options.authority_path.empty()) {
    RECBOTS_ASSIGN_OR_RETURN(security->authority_, ReadCertificates("tls_ca", options.authority_path));
  }
  if (!options.token_path.empty()) {
    RECBOTS_ASSIGN_OR_RETURN(security->token_, ReadToken(options.token_path));
  }
  return security;
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Security::ServerCredentials(const Security* security) {
  if (security == nullptr || !security->has_tls()) return grpc::InsecureServerCredentials();
  if (security->certificate_.empty()) {
    return absl::FailedPreconditionError(
        "--tls_ca without a certificate is enough for a client only; a server wants --tls_cert and --tls_key as well");
  }
  grpc::SslServerCredentialsOptions options(security->has_authority()
                                                ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_root_certs = security->authority_;
  options.pem_key_cert_pairs.push_back({security->key_, security->certificate_});
  return grpc::SslServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> Security::ChannelCredentials(const Security* security) {
  if (security == nullptr || !security->has_tls()) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials({security->authority_, security->key_, security->certificate_});
}

void Security::Prepare(const Security* security, grpc::ClientContext& context) {
  if (security == nullptr || !security->has_token()) return;
  context.AddMetadata(kTokenKey, absl::StrCat(kTokenScheme, security->token_));
}

absl::Status Security::Check(const Security* security, const grpc::ServerContextBase& context) {
  if (security == nullptr || !security->has_token()) return absl::OkStatus();
  const auto found = context.client_metadata().find(kTokenKey);
  if (found == context.client_metadata().end()) {
    return absl::UnauthenticatedError("the call brings no token; this server wants that of its --token_file");
  }
  absl::string_view token(found->second.data(), found->second.size());
  if (absl::ConsumePrefix(&token, kTokenScheme) && token.size() == security->token_.size() &&
      CRYPTO_memcmp(token.data(), security->token_.data(), token.size()) == 0) {
    return absl::OkStatus();
  }
  return absl::UnauthenticatedError("the call brings another token than that of this server's --token_file");
}

}  // namespace recbots
