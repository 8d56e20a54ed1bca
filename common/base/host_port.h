// Addresses as flags and servers take them: host:port, or unix:/path for a socket in the file system.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// What sockaddr_un has room for, without the final zero.
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

// True for what begins with "unix:".
bool IsUnixAddress(absl::string_view address);
// The path of "unix:/path".
//   INVALID_ARGUMENT  no absolute path, a comma in it, or one of more than kMaxSocketPathBytes bytes
absl::StatusOr<std::string> ParseUnixAddress(absl::string_view address);

// Splits a list of addresses at its commas; checks each. INVALID_ARGUMENT as above, also for an empty list.
absl::StatusOr<std::vector<std::string>> ParseAddresses(absl::string_view list);

// True for what cannot be reached from outside this machine: unix:/path, "localhost", 127.0.0.0/8 and ::1.
bool IsLocalAddress(absl::string_view address);

// Tries whether a server may listen at `address`, on everything the host name stands for, and lets go again. Servers
// call it first, because what libraries report about a failed bind is a line in a log at best.
//   INVALID_ARGUMENT   the host cannot be resolved or is not this machine's
//   ALREADY_EXISTS     the port is taken
//   PERMISSION_DENIED  ports of that kind are not ours to take
absl::Status CheckCanListen(const HostPort& address);

// The same for a socket in the file system. A socket without a listener (its server was killed) is removed; what
// is no socket never is.
//   INVALID_ARGUMENT   the directory is not there
//   ALREADY_EXISTS     somebody listens there, or the file is no socket
//   PERMISSION_DENIED  the file or the directory is not ours to change
absl::Status CheckCanListenAtPath(const std::string& path);

}  // namespace recbots
