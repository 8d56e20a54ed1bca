// Who may talk to whom: TLS with client certificates, and a token that all roles share. Both optional.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace recbots {

struct SecurityOptions {
  // PEM files. Certificate and key go together; with an authority, peers have to show a certificate that it signed.
  std::string certificate_path = {};
  std::string key_path = {};
  std::string authority_path = {};
  // File with the shared token: one line of 16..4096 printable characters.
  std::string token_path = {};
};

// Immutable, thread-safe. Without options every method does what an open cluster does.
class Security {
 public:
  // INVALID_ARGUMENT  a file that cannot be read or is no PEM, or half of a pair; names the flag, the file and what is
  //                   missing
  static absl::StatusOr<std::shared_ptr<const Security>> Load(const SecurityOptions& options);

  std::shared_ptr<grpc::ServerCredentials> server_credentials() const;
  std::shared_ptr<grpc::ChannelCredentials> channel_credentials() const;
  bool has_tls() const { return !certificate_.empty(); }
  bool has_token() const { return !token_.empty(); }

  // Adds the token to a call. Accepts nullptr (no security), as the next does.
  static void Prepare(const Security* security, grpc::ClientContext& context);
  // UNAUTHENTICATED  the caller brought no token, or another one; says which. Every handler calls it first.
  static absl::Status Check(const Security* security, const grpc::ServerContextBase& context);

 private:
  Security() = default;

  std::string certificate_;
  std::string key_;
  std::string authority_;
  std::string token_;
};

}  // namespace recbots
