// Addresses of the form host:port, as flags and servers take them.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

struct HostPort {
  std::string host;
  uint16_t port = 0;

  // "127.0.0.1:7001", "[::1]:7001".
  std::string ToString() const;
};

// Splits "host:port"; an IPv6 address stands in brackets.
//   INVALID_ARGUMENT  no host, no port, or a port outside 0..65535
absl::StatusOr<HostPort> ParseHostPort(absl::string_view address);

// Tries whether a server may listen at `address`, on everything the host name stands for, and lets go again. Servers
// call it first, because what libraries report about a failed bind is a line in a log at best.
//   INVALID_ARGUMENT   the host cannot be resolved or is not this machine's
//   ALREADY_EXISTS     the port is taken
//   PERMISSION_DENIED  ports of that kind are not ours to take
absl::Status CheckCanListen(const HostPort& address);

}  // namespace recbots
