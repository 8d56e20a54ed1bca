#include "common/base/file_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/file_lock.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Create(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(FileTarget target, FindTarget(path));
  if (target.direct) {
    RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenDirect(target));
    return absl::WrapUnique(new FileWriter(path, path, std::move(target), std::move(file)));
  }
  std::string partial_path = target.path + ".partial";
  RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenLocked(partial_path, O_WRONLY));
  if (ftruncate(file.get(), 0) != 0) return FileError("write", partial_path, errno);
  return absl::WrapUnique(new FileWriter(path, std::move(partial_path), std::move(target), std::move(file)));
}

FileWriter::FileWriter(std::string path, std::string partial_path, FileTarget target, FileDescriptor file)
    : path_(std::move(path)),
      partial_path_(std::move(partial_path)),
      target_(std::move(target)),
      file_(std::move(file)) {}

FileWriter::~FileWriter() {
  // The file is removed before it is closed, because closing releases the lock.
  if (file_.is_open() && empty_ && !target_.direct) unlink(partial_path_.c_str());
}

absl::Status FileWriter::Write(absl::string_view bytes) {
  if (const int error = WriteAll(file_.get(), bytes); error != 0) return FileError("write", partial_path_, error);
  empty_ &= bytes.empty();
  return absl::OkStatus();
}

absl::Status FileWriter::Finish() {
  const int error = target_.direct ? file_.Close() : ReplaceTarget(target_, partial_path_, file_);
  return error == 0 ? absl::OkStatus() : FileError("write", path_, error);
}

absl::StatusOr<std::unique_ptr<LineFile>> LineFile::Create(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(const FileTarget target, FindTarget(path));
  if (target.direct) {
    RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenDirect(target));
    return absl::WrapUnique(new LineFile(path, /*regular=*/false, std::move(file)));
  }
  RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenLocked(target.path, O_WRONLY | O_APPEND));
  if (ftruncate(file.get(), 0) != 0) return FileError("write", path, errno);
  return absl::WrapUnique(new LineFile(path, /*regular=*/true, std::move(file)));
}

absl::StatusOr<std::unique_ptr<LineFile>> LineFile::Continue(const std::string& path, int64_t bytes) {
  RECBOTS_ASSIGN_OR_RETURN(const FileTarget target, FindTarget(path));
  if (target.direct || !target.exists) return Create(path);
  RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenLocked(target.path, O_WRONLY | O_APPEND));
  RECBOTS_ASSIGN_OR_RETURN(const std::string content, ReadFile(target.path));
  const absl::string_view kept = absl::string_view(content).substr(0, static_cast<size_t>(bytes));
  const size_t line_break = kept.rfind('\n');
  const size_t whole = line_break == absl::string_view::npos ? 0 : line_break + 1;
  if (ftruncate(file.get(), static_cast<off_t>(whole)) != 0) return FileError("write", path, errno);
  std::unique_ptr<LineFile> lines = absl::WrapUnique(new LineFile(path, /*regular=*/true, std::move(file)));
  lines->bytes_ = static_cast<int64_t>(whole);
  return lines;
}

absl::Status LineFile::Append(absl::string_view line) {
  const int error = WriteAll(file_.get(), line);
  if (error == 0) {
    bytes_ += static_cast<int64_t>(line.size());
    return absl::OkStatus();
  }
  // Removes the part of a line that was written. Making a file shorter needs no room on the disk.
  if (regular_) [[maybe_unused]]
    const int unchanged = ftruncate(file_.get(), bytes_);
  return FileError("write", path_, error);
}

}  // namespace recbots
