// Decides who may talk to whom: TLS with client certificates, and a token that all roles share. Both are optional.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace recbots {

struct SecurityOptions {
  // PEM files. Certificate and key must be given together. With an authority, servers and clients accept only peers
  // that show a certificate signed by it; without an authority, clients trust the authorities that the system trusts,
  // and servers ask for no certificate.
  std::string certificate_path = {};  // --tls_cert
  std::string key_path = {};          // --tls_key
  std::string authority_path = {};    // --tls_ca
  // File with the shared token: one line of 16..4096 printable characters without blanks.
  std::string token_path = {};  // --token_file
};

// Immutable, thread-safe. Without options it checks nothing, as in an open cluster.
class Security {
 public:
  // INVALID_ARGUMENT  a file cannot be read, is empty or is no PEM; a certificate is not valid now; a key has a
  //                   password or belongs to another certificate; half of a pair is missing. The message names flag,
  //                   file and what is missing
  static absl::StatusOr<std::shared_ptr<const Security>> Load(const SecurityOptions& options);

  // FAILED_PRECONDITION  there is only an authority, which is enough for a client, but a server must show a certificate
  static absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const Security* security);
  static std::shared_ptr<grpc::ChannelCredentials> ChannelCredentials(const Security* security);
  // has_tls(): connections of this process are encrypted. has_authority(): peers must show a certificate.
  bool has_tls() const { return !certificate_.empty() || !authority_.empty(); }
  bool has_authority() const { return !authority_.empty(); }
  bool has_token() const { return !token_.empty(); }

  // For what this process serves besides gRPC: its pages (common/metrics). PEM, and the bare token; "" where a part was
  // not given. The key and the token are secrets, for no log and no page.
  const std::string& certificate_pem() const { return certificate_; }
  const std::string& key_pem() const { return key_; }
  const std::string& token() const { return token_; }

  // Adds the token to a call. `security` may be nullptr (no security), here and in Check.
  static void Prepare(const Security* security, grpc::ClientContext& context);
  // UNAUTHENTICATED  the caller sent no token, or a wrong one; the message says which. Every handler calls Check first.
  // The comparison takes the same time wherever the tokens differ.
  static absl::Status Check(const Security* security, const grpc::ServerContextBase& context);

 private:
  Security() = default;

  std::string certificate_;
  std::string key_;
  std::string authority_;
  std::string token_;
};

}  // namespace recbots
