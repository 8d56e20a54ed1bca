// Asks the HTTP pages of a role for JSON, with its token and over TLS where the flags say so.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/rpc/security.h"
#include "deploy/cli/view/json_value.h"

namespace recbots {

// Thread-safe: every question opens a connection of its own.
class PageClient {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(3);

  // `address` is HOST:PORT, or http:// or https:// before it, as the learner prints its dashboard. Pages are asked over
  // TLS if `security` has TLS or the address says https; a server is believed only if its certificate is signed by the
  // authority in `authority_path` (--tls_ca), or without one by those that the system trusts. `security` may be
  // nullptr.
  //   INVALID_ARGUMENT  the address is malformed, has a path, or says http although the flags want TLS
  static absl::StatusOr<PageClient> Create(const std::string& address, std::shared_ptr<const Security> security,
                                           const std::string& authority_path);

  // http://HOST:PORT
  const std::string& url() const { return url_; }

  // The JSON at `path`.
  //   UNAVAILABLE       no answer within kPatience; the message says why, and which flag may be missing
  //   UNAUTHENTICATED   the token is missing or is another one
  //   NOT_FOUND         the role has no such page: it is no learner, or one of an earlier version
  //   FAILED_PRECONDITION  another answer than 200, or no JSON
  absl::StatusOr<Json> Get(const std::string& path) const;

 private:
  PageClient() = default;

  std::string url_;
  std::string authority_path_;
  std::string token_;
};

}  // namespace recbots
