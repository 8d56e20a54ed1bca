// A directory on disk, held by its descriptor, with the few operations that a checkpoint needs. Every error names the
// file and contains errno's text; the codes are listed at FileError (common/base/file_descriptor.h).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_descriptor.h"

namespace recbots::replay {

using recbots::FileDescriptor;

// Movable. Thread-safe, except for SetFaults.
class Folder {
 public:
  // Open opens an existing directory. Make first makes the directory, and those above it, if they are missing.
  static absl::StatusOr<Folder> Open(const std::string& path);
  static absl::StatusOr<Folder> Make(const std::string& path);

  // All names in the directory, sorted.
  absl::StatusOr<std::vector<std::string>> List() const;

  // Opens a file for reading. INVALID_ARGUMENT: it is no regular file.
  absl::StatusOr<FileDescriptor> OpenFile(absl::string_view name) const;
  // Reads the whole file. DATA_LOSS: it is longer than max_bytes.
  absl::StatusOr<std::string> ReadFile(absl::string_view name, int64_t max_bytes) const;
  // Whether `name` is a regular file whose first bytes are those of `magic`. A shorter file is compared as far as it
  // goes. Zeros match, too: after a loss of power a file has zeros where nothing reached the disk.
  bool BeginsWith(absl::string_view name, absl::string_view magic) const;

  // Makes a new file for writing. It must not exist yet.
  absl::StatusOr<FileDescriptor> CreateFile(absl::string_view name) const;
  absl::Status Write(const FileDescriptor& file, absl::string_view name, absl::string_view bytes) const;
  // Waits until the content is on the disk.
  absl::Status Sync(const FileDescriptor& file, absl::string_view name) const;
  absl::Status Rename(absl::string_view from, absl::string_view to) const;
  absl::Status Remove(absl::string_view name) const;
  // Waits until new and changed names are on the disk.
  absl::Status SyncNames() const;

  const std::string& path() const { return path_; }
  std::string PathOf(absl::string_view name) const;

  // For tests: called before every change with "create", "write", "sync", "rename", "remove" or "sync names". If the
  // result is not 0, the operation fails with this errno.
  using Faults = std::function<int(absl::string_view operation)>;
  void SetFaults(Faults faults) { faults_ = std::move(faults); }

 private:
  Folder(std::string path, FileDescriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  absl::Status Error(absl::string_view what, absl::string_view name, int error) const;
  // The errno of `call`, or the injected one.
  template <typename Call>
  int Try(absl::string_view operation, Call call) const;

  std::string path_;
  FileDescriptor fd_;
  Faults faults_;
};

// Reads exactly `bytes` bytes at `offset`. DATA_LOSS: the file ends before; UNAVAILABLE: the system refuses. `path` is
// for messages.
absl::Status ReadAt(const FileDescriptor& file, absl::string_view path, int64_t offset, int64_t bytes, char* to);

}  // namespace recbots::replay
