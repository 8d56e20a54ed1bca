// A file descriptor that closes itself, and what all file functions share: the errors of a failed call.
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
  // Closes the descriptor now. Returns 0, or errno: some file systems report a failed write only here. Returns 0 if
  // nothing is open.
  int Close();

 private:
  int fd_ = -1;
};

// "cannot WHAT 'PATH': errno's text".
//   RESOURCE_EXHAUSTED  no room: the disk, the quota or the file size limit is reached
//   NOT_FOUND           no such file, or no such folder
//   INVALID_ARGUMENT    PATH is a folder
//   UNAVAILABLE         any other errno
absl::Status FileError(absl::string_view what, absl::string_view path, int error);

// Writes all of `bytes`, and waits for room where `fd` is set not to block. Returns 0, or errno; after an error some of
// the bytes may have been written.
int WriteAll(int fd, absl::string_view bytes);

// The folder that a path lies in; "." for a path without a folder.
std::string FolderOf(const std::string& path);

}  // namespace recbots
