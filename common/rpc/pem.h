// What can be told about certificates and keys before anybody connects.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace recbots {

// OK when `pem` holds certificates (at least one, all readable) that are valid at `now`.
//   INVALID_ARGUMENT  says what is wrong: no certificate, damaged, not valid yet, expired (with its subject and time)
absl::Status CheckCertificates(const std::string& pem, absl::Time now);

// OK when `key_pem` is a private key without a password, that of the first certificate in `certificate_pem`.
//   INVALID_ARGUMENT  no key, one with a password, or that of another certificate
absl::Status CheckKey(const std::string& key_pem, const std::string& certificate_pem);

}  // namespace recbots
