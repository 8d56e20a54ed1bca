// Addresses as flags and servers take them: host:port, or unix:/path for a socket in the file system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// The longest path that fits sockaddr_un, without the final zero.
inline constexpr size_t kMaxSocketPathBytes = 107;

struct HostPort {
  std::string host;
  uint16_t port = 0;

  // "127.0.0.1:7001", "[::1]:7001".
  std::string ToString() const;
};

// Splits "host:port"; an IPv6 address stands in brackets.
//   INVALID_ARGUMENT  no host, no port, or a port outside 0..65535
absl::StatusOr<HostPort> ParseHostPort(absl::string_view address);

// True if the address begins with "unix:".
bool IsUnixAddress(absl::string_view address);
// The path of "unix:/path".
//   INVALID_ARGUMENT  the path is not absolute, contains a comma, or has more than kMaxSocketPathBytes bytes
absl::StatusOr<std::string> ParseUnixAddress(absl::string_view address);

// Splits a list of addresses at its commas and checks each address. INVALID_ARGUMENT as above, and for an empty list.
absl::StatusOr<std::vector<std::string>> ParseAddresses(absl::string_view list);

// True for addresses that cannot be reached from another machine: unix:/path, "localhost", 127.0.0.0/8 and ::1.
bool IsLocalAddress(absl::string_view address);

// Tests whether a server can listen at `address`: binds every address that the host name stands for and releases them
// again. Servers call this function first, because libraries report a failed bind by a line in a log at best.
//   INVALID_ARGUMENT   the host cannot be resolved or is not this machine's
//   ALREADY_EXISTS     the port is taken
//   PERMISSION_DENIED  this process may not take such a port
absl::Status CheckCanListen(const HostPort& address);

// Tests whether a server can listen at a socket in the file system. A socket without a listener (its server was killed)
// is removed; a file that is no socket is never removed.
//   INVALID_ARGUMENT   the directory is not there
//   ALREADY_EXISTS     another server listens there, or the file is no socket
//   PERMISSION_DENIED  this process may not change the file or the directory
absl::Status CheckCanListenAtPath(const std::string& path);

}  // namespace recbots
