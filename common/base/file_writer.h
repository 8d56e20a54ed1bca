// Files that grow while a program runs: FileWriter for files that count only when they are complete, LineFile for files
// that are read while they grow.
//
// Error messages name the path and contain errno's text. The codes are listed at FileError (file_descriptor.h);
// besides, FAILED_PRECONDITION means that another process writes the same file. Not thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/file_target.h"

namespace recbots {

// Writes PATH.partial and renames it to PATH at the end. Without Finish (after an error, a signal, a crash) the bytes
// written stay in PATH.partial, which is removed if it is empty, and an older file at PATH is unchanged. A target that
// is no regular file (a device, a pipe, /dev/stdout) is written to directly. A symbolic link is followed; PATH.partial
// then lies beside the file behind the link.
class FileWriter {
 public:
  // Claims PATH.partial for this process, and empties a PATH.partial that an earlier run has left.
  static absl::StatusOr<std::unique_ptr<FileWriter>> Create(const std::string& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  // After an error some of the bytes may have been written.
  absl::Status Write(absl::string_view bytes);
  // Brings the content to the disk, closes the file and renames it. Write must not be called afterwards.
  absl::Status Finish();

  const std::string& path() const { return path_; }
  // The file that takes the bytes until Finish; the same as path() for a target that is written to directly.
  const std::string& partial_path() const { return partial_path_; }

 private:
  FileWriter(std::string path, std::string partial_path, FileTarget target, FileDescriptor file);

  const std::string path_;
  const std::string partial_path_;
  const FileTarget target_;
  FileDescriptor file_;
  bool empty_ = true;
};

// A text file to which lines are added while readers follow it. Each line is in the file completely or not at all, even
// when the disk is full. The file belongs to one process at a time.
class LineFile {
 public:
  // Claims the file for this process and empties it.
  static absl::StatusOr<std::unique_ptr<LineFile>> Create(const std::string& path);
  // Claims the file and goes on behind its first `bytes` bytes, which are whole lines; what stands behind them is cut
  // off. If the file is missing or shorter, it goes on behind its last whole line.
  static absl::StatusOr<std::unique_ptr<LineFile>> Continue(const std::string& path, int64_t bytes);

  // The bytes of the file.
  int64_t bytes() const { return bytes_; }

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
