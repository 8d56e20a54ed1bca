// A directory on disk by its descriptor, and the few things a checkpoint does in it. Every error names the file and
// says errno's text; codes are those of FileError (common/base/file_descriptor.h).
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

// Movable. Thread-safe but for SetFaults.
class Folder {
 public:
  // The second one makes it, and those above it, where it is missing.
  static absl::StatusOr<Folder> Open(const std::string& path);
  static absl::StatusOr<Folder> Make(const std::string& path);

  // Names in it, sorted, all of them.
  absl::StatusOr<std::vector<std::string>> List() const;

  // INVALID_ARGUMENT: what has that name is no regular file.
  absl::StatusOr<FileDescriptor> OpenFile(absl::string_view name) const;
  // The whole file. DATA_LOSS: longer than max_bytes.
  absl::StatusOr<std::string> ReadFile(absl::string_view name, int64_t max_bytes) const;
  // Whether it is a regular file whose first bytes are those of `magic`; of a shorter one, as many as there are. Zeros
  // count: after a loss of power they stand where nothing came to the disk.
  bool BeginsWith(absl::string_view name, absl::string_view magic) const;

  // A new file, to be written; one of that name must not be there.
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

  // For tests: is asked before every change with "create", "write", "sync", "rename", "remove" or "sync names"; what it
  // returns is taken for errno unless it is 0.
  using Faults = std::function<int(absl::string_view operation)>;
  void SetFaults(Faults faults) { faults_ = std::move(faults); }

 private:
  Folder(std::string path, FileDescriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  absl::Status Error(absl::string_view what, absl::string_view name, int error) const;
  // errno of a call, the injected one included.
  template <typename Call>
  int Try(absl::string_view operation, Call call) const;

  std::string path_;
  FileDescriptor fd_;
  Faults faults_;
};

// Reads exactly `bytes` at `offset`. DATA_LOSS: the file ends before; UNAVAILABLE: errno. `path` is for messages.
absl::Status ReadAt(const FileDescriptor& file, absl::string_view path, int64_t offset, int64_t bytes, char* to);

}  // namespace recbots::replay
