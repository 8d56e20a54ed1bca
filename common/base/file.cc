#include "common/base/file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file_descriptor.h"
#include "common/base/file_target.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// A new file, with a name that no other file has.
struct TemporaryFile {
  std::string path;
  FileDescriptor file;
};

// The name of the temporary file does not contain the target's name, which may already have the greatest length
// allowed. Process ids would not make it unique: containers that share a folder all have a process 1. Errors:
// FileError(what, path).
absl::StatusOr<TemporaryFile> MakeTemporary(const std::string& folder, absl::string_view what,
                                            const std::string& path) {
  while (true) {
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number)) return FileError(what, path, errno);
    TemporaryFile temporary{absl::StrCat(folder, "/.recbots-", absl::Hex(number, absl::kZeroPad16), ".tmp"), {}};
    temporary.file =
        FileDescriptor(open(temporary.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (temporary.file.is_open()) return temporary;
    if (errno != EEXIST && errno != EINTR) return FileError(what, path, errno);
  }
}

absl::Status WriteDirect(const std::string& path, const FileTarget& target, absl::string_view content) {
  RECBOTS_ASSIGN_OR_RETURN(FileDescriptor file, OpenDirect(target));
  int error = WriteAll(file.get(), content);
  if (error == 0) error = file.Close();
  return error == 0 ? absl::OkStatus() : FileError("write", path, error);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC));
  if (!file.is_open()) return FileError("read", path, errno);
  struct stat info {};
  std::string content;
  if (fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= max_bytes) {
    content.reserve(static_cast<size_t>(info.st_size) + 1);
  }
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path, errno);
    if (got == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(got));
    if (static_cast<int64_t>(content.size()) > max_bytes) {
      return absl::InvalidArgumentError(absl::StrCat("'", path, "' has more than ", max_bytes, " bytes"));
    }
  }
}

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  RECBOTS_ASSIGN_OR_RETURN(const FileTarget target, FindTarget(path));
  if (target.direct) return WriteDirect(path, target, content);
  RECBOTS_ASSIGN_OR_RETURN(TemporaryFile temporary, MakeTemporary(FolderOf(target.path), "write", path));
  int error = WriteAll(temporary.file.get(), content);
  if (error == 0) error = ReplaceTarget(target, temporary.path, temporary.file);
  if (error == 0) return absl::OkStatus();
  unlink(temporary.path.c_str());  // If only syncing the folder failed, the name is gone already.
  return FileError("write", path, error);
}

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? FileError("make the folder", path, error.value()) : absl::OkStatus();
}

absl::Status TryFolder(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(TemporaryFile temporary, MakeTemporary(path, "write in", path));
  // On a full disk a file can be made, but takes no content.
  int error = WriteAll(temporary.file.get(), "recbots");
  if (error == 0) error = temporary.file.Close();
  if (unlink(temporary.path.c_str()) != 0 && error == 0) error = errno;
  return error == 0 ? absl::OkStatus() : FileError("write in", path, error);
}

}  // namespace recbots
