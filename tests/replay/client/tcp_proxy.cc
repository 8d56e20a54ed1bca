#include "tests/replay/client/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots::replay {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int Listen(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  RECBOTS_CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 && ::listen(fd, 64) == 0);
  socklen_t size = sizeof(address);
  RECBOTS_CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

TcpProxy::TcpProxy(int upstream_port)
    : upstream_port_(upstream_port), listener_(Listen(port_)), thread_("proxy", [this] { Run(); }) {}

TcpProxy::~TcpProxy() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread looks several times a second.

std::string TcpProxy::address() const { return absl::StrCat("127.0.0.1:", port_); }

void TcpProxy::CutAfter(uint32_t max_bytes, uint64_t seed) {
  MutexLock lock(&mu_);
  cut_after_ = max_bytes;
  rng_ = Rng(seed, Purpose::kTest, {});
}

void TcpProxy::CutAll() {
  MutexLock lock(&mu_);
  cut_all_ = true;
}

void TcpProxy::Refuse(bool refuse) {
  MutexLock lock(&mu_);
  refuse_ = refuse;
}

void TcpProxy::Stall(bool stalled) {
  MutexLock lock(&mu_);
  stalled_ = stalled;
}

void TcpProxy::DamageAfter(std::string marker) {
  MutexLock lock(&mu_);
  marker_ = std::move(marker);
}

int64_t TcpProxy::cuts() const {
  MutexLock lock(&mu_);
  return cuts_;
}

void TcpProxy::Run() {
  while (true) {
    bool stalled = false;
    bool cut_all = false;
    {
      MutexLock lock(&mu_);
      if (stopping_) break;
      stalled = stalled_;
      cut_all = std::exchange(cut_all_, false);
    }
    if (cut_all) {
      for (Link& link : links_) Close(link);
    }
    std::erase_if(links_, [](const Link& link) { return link.client < 0; });
    std::vector<pollfd> watched = {{listener_, POLLIN, 0}};
    for (const Link& link : links_) {
      watched.push_back({link.client, static_cast<int16_t>(stalled ? 0 : POLLIN), 0});
      watched.push_back({link.server, static_cast<int16_t>(stalled ? 0 : POLLIN), 0});
    }
    ::poll(watched.data(), watched.size(), /*ms=*/2);
    for (size_t i = 0; i < links_.size(); ++i) {
      for (const bool from_client : {true, false}) {
        const bool readable = (watched[1 + 2 * i + (from_client ? 0 : 1)].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
        if (!stalled && readable && links_[i].client >= 0 && !Forward(links_[i], from_client)) Close(links_[i]);
      }
    }
    if ((watched[0].revents & POLLIN) != 0) Accept();
  }
  for (Link& link : links_) Close(link);
  ::close(listener_);
}

void TcpProxy::Accept() {
  Link link;
  link.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (link.client < 0) return;
  {
    MutexLock lock(&mu_);
    if (refuse_) return Close(link);
  }
  link.server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(upstream_port_);
  if (::connect(link.server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return Close(link);
  const int one = 1;
  ::setsockopt(link.client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  ::setsockopt(link.server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  MutexLock lock(&mu_);
  if (cut_after_ > 0) link.bytes_left = 1 + rng_.Index(cut_after_ - 1);
  links_.push_back(link);
}

bool TcpProxy::Forward(Link& link, bool from_client) {
  static thread_local char data[64 << 10];
  ssize_t size = ::recv(from_client ? link.client : link.server, data, sizeof(data), 0);
  if (size <= 0) return false;
  bool cut = false;
  if (from_client && link.bytes_left >= 0) {
    size = std::min<ssize_t>(size, link.bytes_left);
    link.bytes_left -= size;
    cut = link.bytes_left == 0;
  }
  if (from_client) Damage(data, static_cast<size_t>(size));
  for (ssize_t sent = 0; sent < size;) {
    const ssize_t more =
        ::send(from_client ? link.server : link.client, data + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL);
    if (more <= 0) return false;
    sent += more;
  }
  if (!cut) return true;
  MutexLock lock(&mu_);
  ++cuts_;
  return false;
}

void TcpProxy::Damage(char* data, size_t size) {
  MutexLock lock(&mu_);
  if (marker_.empty()) return;
  char* const found = std::search(data, data + size, marker_.begin(), marker_.end());
  if (found == data + size || found + marker_.size() == data + size) return;
  found[marker_.size()] = static_cast<char>(found[marker_.size()] ^ 1);
  marker_.clear();
}

void TcpProxy::Close(Link& link) {
  if (link.client >= 0) ::close(link.client);
  if (link.server >= 0) ::close(link.server);
  link.client = link.server = -1;
}

}  // namespace recbots::replay
