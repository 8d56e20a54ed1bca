// A file that is there under its name only when it is whole.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

// Writes PATH.partial and renames it to PATH at the end. Without Finish (an error, a signal, a crash) what was written
// stays in PATH.partial (nothing written: no file), and an older file at PATH is left as it was. Errors name the path
// and say errno's text. Not thread-safe.
class PartialFile {
 public:
  // Overwrites a PATH.partial that an earlier run has left.
  //   INVALID_ARGUMENT  it cannot be made: no such folder, no permission; or PATH is a folder
  static absl::StatusOr<std::unique_ptr<PartialFile>> Create(const std::string& path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  // RESOURCE_EXHAUSTED: no room (disk, quota, file size limit); UNAVAILABLE: any other error. Some of the bytes may
  // have been written.
  absl::Status Write(absl::string_view bytes);
  // Closes and renames. Nothing may be written afterwards. Errors as Write.
  absl::Status Finish();

  const std::string& path() const { return path_; }
  const std::string& partial_path() const { return partial_path_; }

 private:
  PartialFile(std::string path, std::string partial_path, int fd);

  const std::string path_;
  const std::string partial_path_;
  int fd_;  // -1: closed
  bool empty_ = true;
};

}  // namespace recbots
