#include "tests/faults/cutting_proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots::faults {
namespace {

constexpr size_t kMaxWaiting = 64 << 10;  // Bytes held in one direction; then the sender waits.

sockaddr_in Loopback(int port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Listen(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const sockaddr_in address = Loopback(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 && listen(fd, 128) == 0) return fd;
  close(fd);
  return -1;
}

int PortOf(int fd) {
  sockaddr_in address = {};
  socklen_t bytes = sizeof(address);
  RECBOTS_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &bytes) == 0);
  return ntohs(address.sin_port);
}

int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const sockaddr_in address = Loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

bool MayComeLater() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ENOTCONN; }

}  // namespace

absl::StatusOr<std::unique_ptr<CuttingProxy>> CuttingProxy::Start(const CuttingProxyOptions& options) {
  const int listener = Listen(options.port);
  if (listener < 0) {
    return absl::UnavailableError(
        absl::StrCat("proxy: cannot listen at 127.0.0.1:", options.port, ": ", strerror(errno)));
  }
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return std::unique_ptr<CuttingProxy>(new CuttingProxy(options, listener, wake, PortOf(listener)));
}

CuttingProxy::CuttingProxy(const CuttingProxyOptions& options, int listener, int wake, int port)
    : options_(options), listener_(listener), wake_(wake), port_(port), rng_(options.seed, Purpose::kTest, {1, 0, 0}) {
  thread_ = std::make_unique<Thread>("cutting-proxy", [this] { Run(); });
}

CuttingProxy::~CuttingProxy() {
  stop_ = true;
  eventfd_write(wake_, 1);
  thread_.reset();
  for (Connection& connection : connections_) End(connection, false);
  close(listener_);
  close(wake_);
}

void CuttingProxy::Run() {
  std::vector<pollfd> ready;
  while (!stop_) {
    ready.assign({{listener_, POLLIN, 0}, {wake_, POLLIN, 0}});
    for (const Connection& connection : connections_) {
      for (const Direction& direction : connection.directions) {
        if (!direction.ended && direction.waiting.size() < kMaxWaiting) ready.push_back({direction.from, POLLIN, 0});
        if (!direction.waiting.empty()) ready.push_back({direction.to, POLLOUT, 0});
      }
    }
    poll(ready.data(), ready.size(), 1000);
    if ((ready[0].revents & POLLIN) != 0) Accept();
    for (auto connection = connections_.begin(); connection != connections_.end();) {
      connection = Serve(*connection) ? std::next(connection) : connections_.erase(connection);
    }
  }
}

void CuttingProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  const int on = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const int server = Connect(options_.server_port);
  if (server < 0) {
    close(client);
    return;
  }
  const double ratio = static_cast<double>(options_.max_bytes) / static_cast<double>(options_.min_bytes);
  Connection connection;
  connection.directions[0] = {client, server, {}, false};
  connection.directions[1] = {server, client, {}, false};
  connection.left = static_cast<int64_t>(static_cast<double>(options_.min_bytes) * std::pow(ratio, rng_.Uniform()));
  connections_.push_back(std::move(connection));
}

bool CuttingProxy::Serve(Connection& connection) {
  for (Direction& direction : connection.directions) {
    if (!Read(connection, direction) || !Write(direction)) {
      End(connection, false);
      return false;
    }
  }
  if (!healed_ && connection.left <= 0) {
    End(connection, true);
    return false;
  }
  const auto over = [](const Direction& direction) { return direction.ended && direction.waiting.empty(); };
  if (!over(connection.directions[0]) && !over(connection.directions[1])) return true;
  End(connection, false);
  return false;
}

bool CuttingProxy::Read(Connection& connection, Direction& direction) const {
  if (direction.ended || direction.waiting.size() >= kMaxWaiting) return true;
  char bytes[16 << 10];
  auto most = static_cast<int64_t>(sizeof(bytes));
  if (!healed_) most = std::min(most, connection.left);  // What comes behind the cut is never passed on.
  if (most <= 0) return true;
  const ssize_t got = recv(direction.from, bytes, static_cast<size_t>(most), 0);
  if (got < 0) return MayComeLater();
  if (got == 0) direction.ended = true;
  connection.left -= got;
  direction.waiting.insert(direction.waiting.end(), bytes, bytes + got);
  return true;
}

bool CuttingProxy::Write(Direction& direction) {
  if (direction.waiting.empty()) return true;
  const ssize_t sent = send(direction.to, direction.waiting.data(), direction.waiting.size(), MSG_NOSIGNAL);
  if (sent < 0) return MayComeLater();
  direction.waiting.erase(direction.waiting.begin(), direction.waiting.begin() + sent);
  return true;
}

void CuttingProxy::End(Connection& connection, bool cut) {
  const int client = connection.directions[0].from;
  const int server = connection.directions[0].to;
  if (cut) {
    ++cuts_;
    const linger reset{1, 0};
    if (rng_.Index(2) == 0) {
      setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
      setsockopt(server, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    }
  }
  close(client);
  close(server);
}

}  // namespace recbots::faults
