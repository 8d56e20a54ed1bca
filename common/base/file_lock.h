// What belongs to one process at a time: a folder, an output file. The locks are flock's: the kernel gives them back
// when the process dies, however it dies, and every process that opens the same file sees them (containers that share a
// folder, too).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/file_descriptor.h"

namespace recbots {

// A lock file, which says who holds it, and goes with the lock. Movable.
class FileLock {
 public:
  // Makes the file, locks it and writes into it who holds it: `program` ("recbots cluster"), process, host, since when.
  // Does not wait for a holder.
  //   FAILED_PRECONDITION  another process holds it; says which
  //   UNIMPLEMENTED        the file system knows no locks
  //   else                 the file cannot be made (FileError)
  static absl::StatusOr<FileLock> Acquire(const std::string& path, absl::string_view program);
  // Releases it and removes the file.
  ~FileLock();
  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&&) = delete;

  const std::string& path() const { return path_; }
  // For processes that are to hold the lock as well: it is released when the last descriptor of it is closed. Closed in
  // programs that are started, unless they are given it.
  int descriptor() const { return file_.get(); }

 private:
  FileLock(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  FileDescriptor file_;
};

// Between fork and exec: hands the lock of `descriptor` (FileLock::descriptor) on to the program that follows, so that
// the lock stays taken while that program runs, also when the one that started it dies first. Makes only calls that are
// safe there. The program finds it as descriptor 3.
void HandOnLock(int descriptor);
// Whether this program was started with the lock on that file.
bool IsHandedOnLock(const std::string& path);

// Who holds the lock file: "recbots cluster (process 12 on HOST, since ...)"; empty when no process does. Needs only
// the permission to read.
std::string HolderOfLock(const std::string& path);

// Opens `path` (with `flags` of open; made if it is missing), locks it, and makes sure that the name still means the
// file that was locked. Waits `patience` for a process that may hold the lock only to see whether it is held.
//   FAILED_PRECONDITION  another process holds it; says which, where the system tells
//   UNIMPLEMENTED        the file system knows no locks
//   INVALID_ARGUMENT     no regular file
//   else                 FileError
absl::StatusOr<FileDescriptor> OpenLocked(const std::string& path, int flags,
                                          absl::Duration patience = absl::Milliseconds(100));
// Whether a process holds the lock of that file. Needs only the permission to read.
bool IsLocked(const std::string& path);

}  // namespace recbots
