#include "common/base/file_descriptor.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace recbots {

int FileDescriptor::Close() {
  const int fd = std::exchange(fd_, -1);
  // On Linux the descriptor is closed even after EINTR.
  return fd < 0 || close(fd) == 0 || errno == EINTR ? 0 : errno;
}

absl::Status FileError(absl::string_view what, absl::string_view path, int error) {
  absl::StatusCode code = absl::StatusCode::kUnavailable;
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) code = absl::StatusCode::kResourceExhausted;
  if (error == ENOENT) code = absl::StatusCode::kNotFound;
  if (error == EISDIR) code = absl::StatusCode::kInvalidArgument;
  return absl::Status(code, absl::StrCat("cannot ", what, " '", path, "': ", std::generic_category().message(error)));
}

int WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd room{fd, POLLOUT, 0};
      poll(&room, 1, /*timeout_milliseconds=*/100);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace recbots
