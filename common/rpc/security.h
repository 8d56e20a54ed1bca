// Who may talk to whom: TLS with client certificates, and a token that all roles share. Both optional.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace recbots {

struct SecurityOptions {
  // PEM files. Certificate and key go together. With an authority, servers and clients accept only peers that show a
  // certificate signed by it; without one, clients trust what the system trusts and servers ask for no certificate.
  std::string certificate_path = {};  // --tls_cert
  std::string key_path = {};          // --tls_key
  std::string authority_path = {};    // --tls_ca
  // File with the shared token: one line of 16..4096 printable characters without blanks.
  std::string token_path = {};  // --token_file
};

// Immutable, thread-safe. Without options every method does what an open cluster does.
class Security {
 public:
  // INVALID_ARGUMENT  a file that cannot be read, is empty or is no PEM, a certificate that is not valid now, a key
  //                   with a password or of another certificate, half of a pair; names flag, file and what is missing
  static absl::StatusOr<std::shared_ptr<const Security>> Load(const SecurityOptions& options);

  // FAILED_PRECONDITION  an authority alone is enough for a client, but a server has to show a certificate
  static absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const Security* security);
  static std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(const Security* security);
  // What connections of this process are: encrypted, and with peers that have to show who they are.
  bool has_tls() const { return !certificate_.empty() || !authority_.empty(); }
  bool has_authority() const { return !authority_.empty(); }
  bool has_token() const { return !token_.empty(); }

  // Adds the token to a call. Accepts nullptr (no security), as the next does.
  static void Prepare(const Security* security, grpc::ClientContext& context);
  // UNAUTHENTICATED  the caller brought no token, or another one; says which. Every handler calls it first. Takes the
  // same time wherever the tokens differ.
  static absl::Status Check(const Security* security, const grpc::ServerContextBase& context);

 private:
  Security() = default;

  std::string certificate_;
  std::string key_;
  std::string authority_;
  std::string token_;
};

}  // namespace recbots
