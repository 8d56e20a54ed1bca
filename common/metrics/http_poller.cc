#include "common/metrics/http_poller.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// The system keeps this many connections until they are accepted.
constexpr int kBacklog = 512;
constexpr int kAcceptedTogether = 32;
// How long a client that has its answer may take to close the connection. If the server closed first, bytes that the
// client still sends would make the system discard the answer.
constexpr absl::Duration kTimeToLeave = absl::Seconds(1);
// No connection is accepted for this long after the system had no descriptor left.
constexpr absl::Duration kNoDescriptors = absl::Milliseconds(100);
constexpr char kTooLarge[] =
    "HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr char kTooMuch[] = "HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr char kWantsTls[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 39\r\n"
    "Connection: close\r\n\r\nthis port speaks TLS: want https://...\n";
constexpr char kTooManyViewers[] =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

// The end of the headers, behind the empty line; npos if it has not come yet.
size_t EndOfHeaders(absl::string_view bytes, size_t from) {
  const size_t end = bytes.find("\r\n\r\n", from < 3 ? 0 : from - 3);
  return end == absl::string_view::npos ? end : end + 4;
}

// The bytes that follow the headers, as far as anybody reads them: the Content-Length of a POST.
size_t BodyBytes(absl::string_view headers) {
  if (!absl::StartsWith(headers, "POST ")) return 0;
  for (absl::string_view line : absl::StrSplit(headers, "\r\n")) {
    constexpr absl::string_view kName = "content-length:";
    uint64_t bytes = 0;
    if (!absl::StartsWithIgnoreCase(line, kName)) continue;
    return absl::SimpleAtoi(line.substr(kName.size()), &bytes) ? std::min<uint64_t>(bytes, 1 << 30) : 0;
  }
  return 0;
}

// OpenSSL's writes to a closed connection would otherwise end a process that does not ignore this signal.
void BlockBrokenPipeSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

WakeUp::WakeUp() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { RECBOTS_CHECK(fd_.is_open()); }

void WakeUp::Signal() {
  const uint64_t one = 1;
  // Fails only when the counter is full; then the descriptor is readable already.
  [[maybe_unused]] const ssize_t written = ::write(fd(), &one, sizeof(one));
}

void WakeUp::Clear() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = ::read(fd(), &count, sizeof(count));
}

HttpPoller::HttpPoller(FileDescriptor listener, const HttpTls* tls, const HttpPollerOptions& options,
                       OnRequest on_request)
    : options_(options), tls_(tls), listener_(std::move(listener)), on_request_(std::move(on_request)) {}

void HttpPoller::Stop() {
  MutexLock lock(&mu_);
  stopped_ = true;
  wake_up_.Signal();
}

void HttpPoller::Respond(uint64_t id, std::string response) {
  MutexLock lock(&mu_);
  answers_.push_back({.id = id, .bytes = std::move(response)});
  wake_up_.Signal();
}

short HttpPoller::EventsOf(const Connection& connection) {
  if (connection.state == State::kViewing && connection.bytes.empty()) return POLLIN;  // The client is gone.
  // While an answer is made, poll still reports that the client is gone.
  return connection.state == State::kWaiting ? short{0} : connection.transport.awaited();
}

void HttpPoller::Run() {
  BlockBrokenPipeSignal();
  std::vector<pollfd> fds;
  std::vector<uint64_t> ids;
  while (true) {
    fds = {{wake_up_.fd(), POLLIN, 0}, {Instant::Now() < listens_again_ ? -1 : listener_.get(), POLLIN, 0}};
    ids.clear();
    for (const auto& [id, connection] : connections_) {
      fds.push_back({connection.transport.fd(), EventsOf(connection), 0});
      ids.push_back(id);
    }
    const int ready = ::poll(fds.data(), fds.size(), MillisecondsToWait());
    RECBOTS_CHECK(ready >= 0 || errno == EINTR) << "poll: " << std::strerror(errno);
    wake_up_.Clear();
    TakeAnswers();
    {
      MutexLock lock(&mu_);
      if (stopped_) break;
    }
    for (size_t i = 0; ready > 0 && i < ids.size(); ++i) {
      const auto found = connections_.find(ids[i]);
      if (fds[i + 2].revents == 0 || found == connections_.end()) continue;
      if (!Continue(found->first, found->second)) connections_.erase(found);
    }
    CloseLate();
    CountViewers();
    if (ready > 0 && fds[1].revents != 0) Accept();
  }
  connections_.clear();
  CountViewers();
  listener_ = FileDescriptor();
}

bool HttpPoller::Continue(uint64_t id, Connection& connection) {
  switch (connection.state) {
    case State::kAsking:
      return Read(id, connection);
    case State::kAnswering:
      return Write(connection);
    case State::kViewing:
      return connection.bytes.empty() ? connection.transport.Discard() : WriteEvents(connection);
    case State::kLeaving:
      return connection.transport.Discard();
    case State::kWaiting:
      break;
  }
  return false;  // poll reports only that the client is gone.
}

void HttpPoller::Accept() {
  // Accepts a bounded number of connections at a time, so that those accepted before continue in between.
  for (int i = 0; i < kAcceptedTogether; ++i) {
    FileDescriptor fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.is_open()) {
      const int error = errno;
      if (error == EINTR || error == ECONNABORTED) continue;
      if (error == EAGAIN || error == EWOULDBLOCK) return;
      // No descriptor is left: close a connection to make room. If there is none to close, new connections wait in the
      // backlog.
      if ((error == EMFILE || error == ENFILE) && Evict()) continue;
      listens_again_ = Instant::Now() + kNoDescriptors;
      return;
    }
    const int one = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    if (connections_.size() >= options_.max_connections + viewers()) Evict();
    const uint64_t id = ++last_id_;
    Connection& connection = connections_[id];
    connection.transport = HttpTransport(std::move(fd), tls_);
    connection.deadline = Instant::Now() + options_.time_to_ask;
    // The request has often come with the connection already. A new connection is never closed to make room for itself.
    if (!Read(id, connection)) connections_.erase(id);
  }
}

bool HttpPoller::Evict() {
  // Closes first a client that has its answer, then one that has not sent its request, then one that does not read its
  // answer.
  for (const State state : {State::kLeaving, State::kAsking, State::kAnswering, State::kWaiting, State::kViewing}) {
    const auto oldest = std::find_if(connections_.begin(), connections_.end(),
                                     [state](const auto& entry) { return entry.second.state == state; });
    if (oldest == connections_.end()) continue;
    connections_.erase(oldest);
    return true;
  }
  return false;
}

bool HttpPoller::Read(uint64_t id, Connection& connection) {
  std::array<char, 4096> piece;
  std::string& bytes = connection.bytes;
  while (true) {
    const ssize_t received = connection.transport.Receive(piece.data(), piece.size());
    if (received == HttpTransport::kNoTls) return Refuse(connection, kWantsTls);
    if (received <= 0) return received == HttpTransport::kWait;
    const size_t before = bytes.size();
    bytes.append(piece.data(), static_cast<size_t>(received));
    if (connection.request_bytes == 0) {
      const size_t end = EndOfHeaders(bytes, before);
      if (std::min(end, bytes.size()) > options_.max_header_bytes) return Refuse(connection, kTooLarge);
      if (end == absl::string_view::npos) continue;
      const size_t body = BodyBytes(absl::string_view(bytes).substr(0, end));
      if (body > options_.max_body_bytes) return Refuse(connection, kTooMuch);
      connection.request_bytes = end + body;
    }
    if (bytes.size() < connection.request_bytes) continue;
    bytes.resize(connection.request_bytes);
    connection.state = State::kWaiting;
    connection.deadline = Instant::Now() + options_.time_to_answer;
    on_request_({id, std::exchange(bytes, std::string()), connection.transport.Peer()});
    return true;
  }
}

bool HttpPoller::Refuse(Connection& connection, const char* answer) {
  connection.bytes = answer;
  connection.state = State::kAnswering;
  connection.deadline = Instant::Now() + options_.time_to_answer;
  return Write(connection);
}

bool HttpPoller::Write(Connection& connection) {
  while (connection.sent < connection.bytes.size()) {
    const ssize_t sent = connection.transport.Send(absl::string_view(connection.bytes).substr(connection.sent));
    if (sent <= 0) return sent == HttpTransport::kWait;
    connection.sent += static_cast<size_t>(sent);
  }
  connection.transport.FinishSending();
  connection.bytes = std::string();
  connection.state = State::kLeaving;
  connection.deadline = Instant::Now() + kTimeToLeave;
  return connection.transport.Discard();
}

bool HttpPoller::Take(Answer answer, Connection& connection) {
  if (answer.views && viewers() >= options_.max_viewers) return Refuse(connection, kTooManyViewers);
  connection.bytes = std::move(answer.bytes);
  connection.deadline = Instant::Now() + options_.time_to_answer;
  connection.state = answer.views ? State::kViewing : State::kAnswering;
  if (!answer.views) return Write(connection);
  viewers_.fetch_add(1, std::memory_order_relaxed);
  return WriteEvents(connection);
}

void HttpPoller::TakeAnswers() {
  std::vector<Answer> answers;
  std::string events;
  {
    MutexLock lock(&mu_);
    answers.swap(answers_);
    events.swap(events_);
  }
  if (!events.empty()) SendEvents(events);
  for (Answer& answer : answers) {
    const auto found = connections_.find(answer.id);
    if (found == connections_.end() || found->second.state != State::kWaiting) continue;
    if (!Take(std::move(answer), found->second)) connections_.erase(found);
  }
}

void HttpPoller::CloseLate() {
  const Instant now = Instant::Now();
  std::erase_if(connections_, [now](const auto& entry) { return entry.second.deadline <= now; });
}

int HttpPoller::MillisecondsToWait() const {
  const Instant now = Instant::Now();
  absl::Duration wait = listens_again_ > now ? listens_again_ - now : absl::InfiniteDuration();
  for (const auto& [id, connection] : connections_) wait = std::min(wait, connection.deadline - now);
  if (wait == absl::InfiniteDuration()) return -1;
  return static_cast<int>(absl::ToInt64Milliseconds(std::max(wait, absl::ZeroDuration()))) + 1;
}

absl::StatusOr<FileDescriptor> ListenAt(HostPort& address) {
  RECBOTS_RETURN_IF_ERROR(CheckCanListen(address));
  const auto failed = [&address](int error) {
    const std::string what = absl::StrCat("cannot listen at ", address.ToString(), ": ");
    if (error == EADDRINUSE) return absl::AlreadyExistsError(absl::StrCat(what, "the port is in use"));
    return absl::PermissionDeniedError(absl::StrCat(what, std::strerror(error)));
  };
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &list) != 0) {
    return failed(EADDRNOTAVAIL);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* target = list; target != nullptr; target = target->ai_next) {
    FileDescriptor fd(
        ::socket(target->ai_family, target->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, target->ai_protocol));
    // SO_REUSEPORT stays off: with it, a second server on the port would take half of the requests.
    const int one = 1, zero = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (target->ai_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
    sockaddr_storage bound{};
    socklen_t size = sizeof(bound);
    auto* const name = reinterpret_cast<sockaddr*>(&bound);
    if (fd.is_open() && ::bind(fd.get(), target->ai_addr, target->ai_addrlen) == 0 &&
        ::listen(fd.get(), kBacklog) == 0 && ::getsockname(fd.get(), name, &size) == 0) {
      address.port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(name)->sin6_port
                                                       : reinterpret_cast<const sockaddr_in*>(name)->sin_port);
      return fd;
    }
    error = errno;
  }
  return failed(error);
}

}  // namespace recbots
