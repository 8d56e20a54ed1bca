#include "tests/faults/directory_watch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"

namespace recbots::faults {

absl::StatusOr<DirectoryWatch> DirectoryWatch::Open(const std::string& directory) {
  const int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd >= 0 && inotify_add_watch(fd, directory.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR) >= 0) {
    return DirectoryWatch(fd);
  }
  const int error = errno;
  if (fd >= 0) close(fd);
  return absl::UnavailableError(absl::StrCat("cannot watch '", directory, "': ", strerror(error)));
}

DirectoryWatch::DirectoryWatch(DirectoryWatch&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DirectoryWatch::~DirectoryWatch() {
  if (fd_ >= 0) close(fd_);
}

bool DirectoryWatch::Await(const std::function<bool(absl::string_view)>& matches, Instant deadline) {
  while (true) {
    const int64_t left = std::max<int64_t>(0, absl::ToInt64Milliseconds(deadline - Instant::Now()));
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, static_cast<int>(left)) == 0) return false;
    if (ReadEvents(matches)) return true;
  }
}

bool DirectoryWatch::ReadEvents(const std::function<bool(absl::string_view)>& matches) {
  alignas(inotify_event) char events[4096];
  const ssize_t bytes = read(fd_, events, sizeof(events));
  for (ssize_t at = 0; at < bytes;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events + at);
    if (event->len > 0 && matches(event->name)) return true;
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
  }
  return false;
}

}  // namespace recbots::faults
