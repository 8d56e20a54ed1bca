#include "common/base/host_port.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr absl::string_view kUnixScheme = "unix:";

absl::Status TryBind(const addrinfo& target, const std::string& address) {
  const int fd = ::socket(target.ai_family, target.ai_socktype | SOCK_CLOEXEC, target.ai_protocol);
  if (fd < 0) return absl::OkStatus();  // This machine lacks the address family (IPv6 is off): other addresses decide.
  // Servers set this option, too: lingering connections of an earlier server then do not block the port.
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
  if (target.ai_family == AF_INET6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
  const int error = ::bind(fd, target.ai_addr, target.ai_addrlen) == 0 && ::listen(fd, 1) == 0 ? 0 : errno;
  ::close(fd);
  switch (error) {
    case 0:
      return absl::OkStatus();
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat("cannot listen at ", address, ": the port is in use"));
    case EACCES:
      return absl::PermissionDeniedError(absl::StrCat("cannot listen at ", address, ": ", std::strerror(error)));
    default:
      return absl::InvalidArgumentError(absl::StrCat("cannot listen at ", address, ": ", std::strerror(error)));
  }
}

// Tries to connect to the socket `path`. Returns 0 if a server accepts connections there, else errno.
int TryConnect(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  sockaddr_un target{};
  target.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), target.sun_path);
  const int error = ::connect(fd, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

}  // namespace

std::string HostPort::ToString() const {
  return host.find(':') == std::string::npos ? absl::StrCat(host, ":", port) : absl::StrCat("[", host, "]:", port);
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view address) {
  const auto refuse = [address](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("address '", address, "': ", why, ", want host:port"));
  };
  const size_t colon = address.rfind(':');
  if (colon == absl::string_view::npos) return refuse("no port");
  absl::string_view host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != absl::string_view::npos) {
    return refuse("more than one colon (IPv6 addresses stand in brackets)");
  }
  if (host.empty()) return refuse("no host");
  const absl::string_view port_text = address.substr(colon + 1);
  uint32_t port = 0;
  if (port_text.empty() || !absl::SimpleAtoi(port_text, &port) || port > 65535) {
    return refuse(absl::StrCat("port '", port_text, "', want 0..65535"));
  }
  return HostPort{std::string(host), static_cast<uint16_t>(port)};
}

bool IsUnixAddress(absl::string_view address) { return absl::StartsWith(address, kUnixScheme); }

absl::StatusOr<std::string> ParseUnixAddress(absl::string_view address) {
  absl::string_view path = address;
  if (!absl::ConsumePrefix(&path, kUnixScheme) || !absl::StartsWith(path, "/")) {
    return absl::InvalidArgumentError(absl::StrCat("address '", address, "': want unix:/path, from the root on"));
  }
  if (path.find(',') != absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat("address '", address, "': want a path without commas"));
  }
  if (path.size() > kMaxSocketPathBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("address '", address, "': path of ", path.size(), " bytes, want at most ", kMaxSocketPathBytes));
  }
  return std::string(path);
}

absl::StatusOr<std::vector<std::string>> ParseAddresses(absl::string_view list) {
  std::vector<std::string> addresses;
  for (const absl::string_view address : absl::StrSplit(list, ',')) {
    if (IsUnixAddress(address)) {
      RECBOTS_RETURN_IF_ERROR(ParseUnixAddress(address).status());
    } else if (const absl::Status status = ParseHostPort(address).status(); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(status.message(), " or unix:/path"));
    }
    addresses.emplace_back(address);
  }
  return addresses;
}

bool IsLocalAddress(absl::string_view address) {
  if (IsUnixAddress(address)) return true;
  const absl::StatusOr<HostPort> parsed = ParseHostPort(address);
  if (!parsed.ok()) return false;
  in_addr v4{};
  if (inet_pton(AF_INET, parsed->host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  return parsed->host == "localhost" || parsed->host == "::1";
}

absl::Status CheckCanListenAtPath(const std::string& path) {
  const auto cannot = [&path](absl::StatusCode code, absl::string_view why) {
    return absl::Status(code, absl::StrCat("cannot listen at ", kUnixScheme, path, ": ", why));
  };
  const std::string directory = std::filesystem::path(path).parent_path();
  struct stat found {};
  if (::stat(directory.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return cannot(absl::StatusCode::kInvalidArgument, absl::StrCat("no directory '", directory, "'"));
  }
  if (::access(directory.c_str(), W_OK | X_OK) != 0) {
    return cannot(absl::StatusCode::kPermissionDenied,
                  absl::StrCat("directory '", directory, "' is not ours to write"));
  }
  if (::lstat(path.c_str(), &found) != 0) return absl::OkStatus();
  if (!S_ISSOCK(found.st_mode)) {
    return cannot(absl::StatusCode::kAlreadyExists, "there is a file of that name that is no socket");
  }
  switch (const int error = TryConnect(path)) {
    case ECONNREFUSED:
      break;
    case 0:
    case EAGAIN:  // A server listens there; its queue is full.
      return cannot(absl::StatusCode::kAlreadyExists, "the socket is in use");
    default:
      return cannot(absl::StatusCode::kPermissionDenied, std::strerror(error));
  }
  if (::unlink(path.c_str()) == 0) return absl::OkStatus();
  return cannot(absl::StatusCode::kPermissionDenied, absl::StrCat("left socket: ", std::strerror(errno)));
}

absl::Status CheckCanListen(const HostPort& address) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(absl::StrCat("cannot listen at ", address.ToString(), ": host '", address.host,
                                                   "' is not known: ", ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &::freeaddrinfo);
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    const absl::Status status = TryBind(*target, address.ToString());
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace recbots
