#include "common/base/file_target.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <filesystem>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"

namespace recbots {
namespace {

constexpr int kMaxLinks = 40;
constexpr absl::Duration kReaderPatience = absl::Minutes(1);

bool IsOnProc(const std::string& folder) {
  struct statfs info {};
  return statfs(folder.c_str(), &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

// The number N of /proc/self/fd/N; -1 if the path is no descriptor of this process.
int OwnDescriptor(const std::string& path) {
  std::error_code error;
  const std::filesystem::path ours = std::filesystem::canonical("/proc/self/fd", error);
  if (error || std::filesystem::canonical(FolderOf(path), error) != ours || error) return -1;
  int number = -1;
  return absl::SimpleAtoi(std::filesystem::path(path).filename().string(), &number) ? number : -1;
}

// Whether the path, which does not exist, names a file in a folder that exists.
bool CanBeMade(const std::string& path) {
  std::error_code error;
  return !path.empty() && !absl::EndsWith(path, "/") && std::filesystem::is_directory(FolderOf(path), error);
}

// The target of the link; empty, with errno set, if the link cannot be read.
std::string Follow(const std::string& link) {
  std::array<char, PATH_MAX> buffer;
  const ssize_t length = readlink(link.c_str(), buffer.data(), buffer.size());
  if (length < 0) return "";
  const std::string to(buffer.data(), static_cast<size_t>(length));
  return absl::StartsWith(to, "/") ? to : absl::StrCat(FolderOf(link), "/", to);
}

// Opens a pipe for writing as soon as a reader has opened it.
int OpenPipe(const std::string& path) {
  const Instant deadline = Instant::Now() + kReaderPatience;
  while (true) {
    const int fd = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) {
      fcntl(fd, F_SETFL, O_WRONLY);  // From now on writes block.
      return fd;
    }
    if (errno != ENXIO || Instant::Now() >= deadline) return -1;
    absl::SleepFor(absl::Milliseconds(10));
  }
}

int SyncFolder(const std::string& path) {
  FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return errno;
  // Some network file systems cannot sync a folder, and need not.
  return fsync(folder.get()) == 0 || errno == EINVAL ? 0 : errno;
}

}  // namespace

absl::StatusOr<FileTarget> FindTarget(const std::string& path) {
  FileTarget target{path};
  for (int links = 0; links <= kMaxLinks; ++links) {
    if (lstat(target.path.c_str(), &target.info) != 0) {
      if (const int error = errno; error != ENOENT || !CanBeMade(target.path)) return FileError("write", path, error);
      return target;
    }
    if (!S_ISLNK(target.info.st_mode)) {
      if (S_ISDIR(target.info.st_mode)) return FileError("write", path, EISDIR);
      target.exists = true;
      target.direct = !S_ISREG(target.info.st_mode);
      if (access(target.path.c_str(), W_OK) != 0) return FileError("write", path, errno);
      return target;
    }
    if (IsOnProc(FolderOf(target.path))) {
      target.exists = target.direct = true;
      return target;
    }
    target.path = Follow(target.path);
    if (target.path.empty()) return FileError("write", path, errno);
  }
  return FileError("write", path, ELOOP);
}

absl::StatusOr<FileDescriptor> OpenDirect(const FileTarget& target) {
  int fd = -1;
  if (const int own = OwnDescriptor(target.path); own >= 0) {
    fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
  } else if (S_ISFIFO(target.info.st_mode)) {
    fd = OpenPipe(target.path);
  } else {
    fd = open(target.path.c_str(), O_WRONLY | O_NOCTTY | O_APPEND | O_CLOEXEC);
  }
  if (fd < 0) return FileError("write", target.path, errno);
  return FileDescriptor(fd);
}

int ReplaceTarget(const FileTarget& target, const std::string& unfinished, FileDescriptor& file) {
  if (target.exists) {
    // Changes what this user is allowed to change. The owner comes first, because changing the owner can remove
    // permissions.
    [[maybe_unused]] const int unchanged = fchown(file.get(), target.info.st_uid, target.info.st_gid);
    fchmod(file.get(), target.info.st_mode & 07777);
  }
  if (fsync(file.get()) != 0) return errno;
  // The file is renamed while it is open, and therefore still locked if it was: no other process may claim it before.
  if (rename(unfinished.c_str(), target.path.c_str()) != 0) return errno;
  const int error = file.Close();
  return error != 0 ? error : SyncFolder(FolderOf(target.path));
}

}  // namespace recbots
