#include "common/base/host_port.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

absl::Status TryBind(const addrinfo& target, const std::string& address) {
  const int fd = ::socket(target.ai_family, target.ai_socktype | SOCK_CLOEXEC, target.ai_protocol);
  if (fd < 0) return absl::OkStatus();  // No such family here (IPv6 switched off): the others decide.
  // As servers set it: connections of a predecessor that linger do not keep the port.
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
