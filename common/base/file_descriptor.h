// A file descriptor that is closed in the end, and what files have in common when a call on one fails.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace recbots {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { Close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  // Closes it now. Returns errno: some file systems tell only here that a write has failed. 0 where nothing is open.
  int Close();

 private:
  int fd_ = -1;
};

// "cannot WHAT 'PATH': errno's text".
//   RESOURCE_EXHAUSTED  no room: disk, quota, file size limit
//   NOT_FOUND           no such file, or no such folder
//   INVALID_ARGUMENT    PATH is a folder
//   UNAVAILABLE         anything else the system says
absl::Status FileError(absl::string_view what, absl::string_view path, int error);

// Writes all of `bytes`, also to a pipe that is set not to block. Returns errno, or 0. Some of the bytes may have been
// written when it fails.
int WriteAll(int fd, absl::string_view bytes);

// The folder that a path lies in: "." where the path names none.
std::string FolderOf(const std::string& path);

}  // namespace recbots
