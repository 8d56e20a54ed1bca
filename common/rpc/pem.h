// Checks of certificates and keys before any connection is made.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace recbots {

// OK when `pem` holds certificates (at least one, all readable) that are valid at `now`.
//   INVALID_ARGUMENT  there is no certificate, or one is damaged, not valid yet or expired; the message says which,
//                     with subject and time
absl::Status CheckCertificates(const std::string& pem, absl::Time now);

// OK when `key_pem` is the private key of the first certificate in `certificate_pem`, without a password.
//   INVALID_ARGUMENT  there is no key, it has a password, or it belongs to another certificate
absl::Status CheckKey(const std::string& key_pem, const std::string& certificate_pem);

}  // namespace recbots
