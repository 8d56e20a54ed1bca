// Files that grow while a program runs: FileWriter for those that count only when they are whole, LineFile for those
// that are read while they grow.
//
// Errors name the path and say errno's text; their codes are those of FileError (file_descriptor.h), and
// FAILED_PRECONDITION where another process writes the same file. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_target.h"

namespace recbots {

// Writes PATH.partial and renames it to PATH at the end. Without Finish (an error, a signal, a crash) what was written
// stays in PATH.partial (nothing written: no file), and an older file at PATH is left as it was. A target that is no
// regular file (a device, a pipe, /dev/stdout) is written to directly. A symbolic link is followed; PATH.partial then
// lies beside the file behind the link.
class FileWriter {
 public:
  // Takes PATH.partial for this process, and empties one that an earlier run has left.
  static absl::StatusOr<std::unique_ptr<FileWriter>> Create(const std::string& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  // Some of the bytes may have been written when it fails.
  absl::Status Write(absl::string_view bytes);
  // Brings the content to the disk, closes and renames. Nothing may be written afterwards.
  absl::Status Finish();

  const std::string& path() const { return path_; }
  // Where the bytes are until Finish; `path` where they go to directly.
  const std::string& partial_path() const { return partial_path_; }

 private:
  FileWriter(std::string path, std::string partial_path, FileTarget target, FileDescriptor file);

  const std::string path_;
  const std::string partial_path_;
  const FileTarget target_;
  FileDescriptor file_;
  bool empty_ = true;
};

// A text file to which lines are added, and which readers follow: each line is there as a whole or not at all, also
// when the disk is full. Belongs to one process at a time.
class LineFile {
 public:
  // Takes the file for this process and empties it.
  static absl::StatusOr<std::unique_ptr<LineFile>> Create(const std::string& path);

  // `line` ends in a line break. After an error the file holds the lines before it.
  absl::Status Append(absl::string_view line);

 private:
  LineFile(std::string path, bool regular, FileDescriptor file)
      : path_(std::move(path)), regular_(regular), file_(std::move(file)) {}

  const std::string path_;
  const bool regular_;
  FileDescriptor file_;
  int64_t bytes_ = 0;  // Of whole lines.
};

}  // namespace recbots
