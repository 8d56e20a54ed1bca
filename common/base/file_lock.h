// Locks for folders and output files that belong to one process at a time. The locks are those of flock: the kernel
// releases them when the process dies, however it dies, and every process that opens the same file sees them, even from
// another container that shares the folder.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file_descriptor.h"

namespace recbots {

// A lock file. It names its holder, and it is removed when the lock is released. Movable.
class FileLock {
 public:
  // Makes the file, locks it and writes the holder into it: `program` ("recbots cluster"), process, host and time. Does
  // not wait until another holder releases the lock.
  //   FAILED_PRECONDITION  another process holds the lock; the message says which
  //   UNIMPLEMENTED        the file system has no locks
  //   else                 the file cannot be made (FileError)
  static absl::StatusOr<FileLock> Acquire(const std::string& path, absl::string_view program);
  // Releases it and removes the file.
  ~FileLock();
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&&) = delete;

  const std::string& path() const { return path_; }
  // For child processes that shall hold the lock as well: the lock is released when its last descriptor is closed. A
  // program that this process starts finds the descriptor closed, unless HandOnLock has handed it on.
  int descriptor() const { return file_.get(); }

 private:
  FileLock(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  FileDescriptor file_;
};

// Call it between fork and exec: hands the lock of `descriptor` (FileLock::descriptor) on to the program that follows.
// The lock then stays taken while that program runs, even if the process that started it dies first. The program has
// the lock as descriptor 3. Makes only calls that are safe between fork and exec.
void HandOnLock(int descriptor);
// Whether this program was started with the lock on the file `path`.
bool IsHandedOnLock(const std::string& path);

// The holder of the lock file: "recbots cluster (process 12 on HOST, since ...)"; empty if no process holds it. Needs
// only the permission to read the file.
std::string HolderOfLock(const std::string& path);

// Opens `path` with the `flags` of open, makes the file if it is missing, locks it, and makes sure that the path still
// names the file that was locked. Waits at most `patience` if the lock is taken, because another process may hold it
// just to test whether it is held.
//   FAILED_PRECONDITION  another process holds the lock; the message says which, if the system tells
//   UNIMPLEMENTED        the file system has no locks
//   INVALID_ARGUMENT     `path` is no regular file
//   else                 FileError
absl::StatusOr<FileDescriptor> OpenLocked(const std::string& path, int flags,
                                          absl::Duration patience = absl::Milliseconds(100));
// Whether a process holds the lock of the file `path`. Needs only the permission to read the file.
bool IsLocked(const std::string& path);

}  // namespace recbots
