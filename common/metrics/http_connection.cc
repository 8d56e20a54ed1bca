#include "common/metrics/http_connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots {
namespace {

constexpr size_t kBufferBytes = 4096;

}  // namespace

StopSignal::StopSignal() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { RECBOTS_CHECK(fd_ >= 0); }

StopSignal::~StopSignal() { ::close(fd_); }

void StopSignal::Raise() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the signal is up.
  [[maybe_unused]] const ssize_t written = ::write(fd_, &one, sizeof(one));
}

DeadlineStream::DeadlineStream(int socket, int stop_fd, Instant deadline)
    : socket_(socket), stop_fd_(stop_fd), deadline_(deadline), buffer_(kBufferBytes) {}

bool DeadlineStream::Await(short events) const {
  while (true) {
    const absl::Duration left = deadline_ - Instant::Now();
    if (left <= absl::ZeroDuration()) return false;
    pollfd fds[] = {{socket_, events, 0}, {stop_fd_, POLLIN, 0}};
    const int ready = ::poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready < 0 && errno != EINTR) return false;
    if (fds[1].revents != 0) return false;
    if (ready > 0 && fds[0].revents != 0) return true;  // Errors too: the next call on the socket tells.
  }
}

bool DeadlineStream::is_readable() const { return begin_ < end_ || Await(POLLIN); }

bool DeadlineStream::is_writable() const { return Await(POLLOUT); }

ssize_t DeadlineStream::read(char* data, size_t size) {
  if (begin_ == end_) {
    if (!Await(POLLIN)) return -1;
    const ssize_t received = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (received <= 0) return received;
    begin_ = 0;
    end_ = static_cast<size_t>(received);
  }
  const size_t taken = std::min(size, end_ - begin_);
  std::memcpy(data, buffer_.data() + begin_, taken);
  begin_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t DeadlineStream::write(const char* data, size_t size) {
  if (!Await(POLLOUT)) return -1;
  return ::send(socket_, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

LimitedServer::LimitedServer(const StopSignal& stop, absl::Duration time_per_connection)
    : stop_(stop), time_per_connection_(time_per_connection) {}

bool LimitedServer::process_and_close_socket(socket_t socket) {
  DeadlineStream stream(socket, stop_.fd(), Instant::Now() + time_per_connection_);
  bool closed = false;
  const bool served = process_request(stream, /*close_connection=*/true, closed, /*setup_request=*/nullptr);
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
  return served;
}

ConnectionThreads::ConnectionThreads(int num_threads, size_t capacity) : queue_(capacity) {
  for (int i = 0; i < num_threads; ++i) {
    threads_.push_back(std::make_unique<Thread>(absl::StrCat("http-", i), [this] {
      for (auto connection = queue_.Pop(Instant::InfiniteFuture()); connection.ok();
           connection = queue_.Pop(Instant::InfiniteFuture())) {
        (*connection)();
      }
    }));
  }
}

void ConnectionThreads::enqueue(std::function<void()> connection) {
  // Waits while the queue is full; connections end in bounded time, so there will be room.
  RECBOTS_CHECK_OK(queue_.Push(std::move(connection), Instant::InfiniteFuture()));
}

void ConnectionThreads::shutdown() {
  queue_.Close();
  threads_.clear();
}

}  // namespace recbots
