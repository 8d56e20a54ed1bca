#include "replay/checkpoint/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"

namespace recbots::replay {

absl::StatusOr<Folder> Folder::Open(const std::string& path) {
  FileDescriptor fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open()) return FileError("open the directory", path, errno);
  return Folder(path, std::move(fd));
}

absl::StatusOr<Folder> Folder::Make(const std::string& path) {
  RECBOTS_RETURN_IF_ERROR(MakeFolder(path));
  return Open(path);
}

std::string Folder::PathOf(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

absl::Status Folder::Error(absl::string_view what, absl::string_view name, int error) const {
  return FileError(what, PathOf(name), error);
}

template <typename Call>
int Folder::Try(absl::string_view operation, Call call) const {
  if (const int injected = faults_ ? faults_(operation) : 0; injected != 0) return injected;
  while (call() < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

absl::StatusOr<std::vector<std::string>> Folder::List() const {
  // Uses a separate descriptor, because reading moves its position.
  const int fd = openat(fd_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const entries = fd < 0 ? nullptr : fdopendir(fd);
  if (entries == nullptr) {
    const int error = errno;
    if (fd >= 0) close(fd);
    return FileError("list", path_, error);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(entries)) {
    const absl::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  closedir(entries);
  if (error != 0) return FileError("list", path_, error);
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<FileDescriptor> Folder::OpenFile(absl::string_view name) const {
  // O_NONBLOCK: opening a pipe of that name must not wait for a writer.
  FileDescriptor file(openat(fd_.get(), std::string(name).c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) return Error("open", name, errno);
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return Error("look at", name, errno);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat("'", PathOf(name), "' is not a file"));
  return file;
}

absl::StatusOr<std::string> Folder::ReadFile(absl::string_view name, int64_t max_bytes) const {
  RECBOTS_ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(name));
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return Error("look at", name, errno);
  if (info.st_size > max_bytes) {
    return absl::DataLossError(
        absl::StrCat("'", PathOf(name), "' has ", info.st_size, " bytes, want at most ", max_bytes));
  }
  std::string content(static_cast<size_t>(info.st_size), '\0');
  RECBOTS_RETURN_IF_ERROR(ReadAt(file, PathOf(name), 0, info.st_size, content.data()));
  return content;
}

bool Folder::BeginsWith(absl::string_view name, absl::string_view magic) const {
  struct stat info = {};
  // Symbolic links are never ours.
  if (fstatat(fd_.get(), std::string(name).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) {
    return false;
  }
  const absl::StatusOr<FileDescriptor> file = OpenFile(name);
  if (!file.ok()) return false;
  std::string start(std::min(magic.size(), static_cast<size_t>(info.st_size)), '\0');
  if (!ReadAt(*file, PathOf(name), 0, static_cast<int64_t>(start.size()), start.data()).ok()) return false;
  return start == magic.substr(0, start.size()) || start == std::string(start.size(), '\0');
}

absl::StatusOr<FileDescriptor> Folder::CreateFile(absl::string_view name) const {
  int fd = -1;
  const int error = Try("create", [&] {
    fd = openat(fd_.get(), std::string(name).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    return fd;
  });
  if (error != 0) return Error("create", name, error);
  return FileDescriptor(fd);
}

absl::Status Folder::Write(const FileDescriptor& file, absl::string_view name, absl::string_view bytes) const {
  while (!bytes.empty()) {
    ssize_t written = 0;
    const int error = Try("write", [&] { return written = write(file.get(), bytes.data(), bytes.size()); });
    if (error != 0) return Error("write", name, error);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status Folder::Sync(const FileDescriptor& file, absl::string_view name) const {
  const int error = Try("sync", [&] { return fdatasync(file.get()); });
  return error == 0 ? absl::OkStatus() : Error("bring to disk", name, error);
}

absl::Status Folder::Rename(absl::string_view from, absl::string_view to) const {
  const int error =
      Try("rename", [&] { return renameat(fd_.get(), std::string(from).c_str(), fd_.get(), std::string(to).c_str()); });
  return error == 0 ? absl::OkStatus() : Error(absl::StrCat("rename to '", to, "'"), from, error);
}

absl::Status Folder::Remove(absl::string_view name) const {
  const int error = Try("remove", [&] { return unlinkat(fd_.get(), std::string(name).c_str(), 0); });
  return error == 0 ? absl::OkStatus() : Error("remove", name, error);
}

absl::Status Folder::SyncNames() const {
  const int error = Try("sync names", [&] { return fsync(fd_.get()); });
  return error == 0 ? absl::OkStatus() : FileError("bring to disk the names in", path_, error);
}

absl::Status ReadAt(const FileDescriptor& file, absl::string_view path, int64_t offset, int64_t bytes, char* to) {
  while (bytes > 0) {
    const ssize_t got = pread(file.get(), to, static_cast<size_t>(bytes), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError("read", path, errno);
    if (got == 0) {
      return absl::DataLossError(absl::StrCat("'", path, "' ends at byte ", offset, ", ", bytes, " bytes too early"));
    }
    to += got;
    offset += got;
    bytes -= got;
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay
