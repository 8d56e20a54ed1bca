#include "common/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// The longest wait for what the holder of a lock writes.
constexpr absl::Duration kPatience = absl::Milliseconds(100);
constexpr int64_t kMaxHolderBytes = 4096;
constexpr int kHandedOnDescriptor = 3;

bool Same(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

bool IsNamed(const FileDescriptor& file, const std::string& path) {
  struct stat ours {
  }, named{};
  return fstat(file.get(), &ours) == 0 && lstat(path.c_str(), &named) == 0 && Same(ours, named);
}

// 0: locked. EWOULDBLOCK: another process holds it.
int Lock(const FileDescriptor& file, absl::Duration patience) {
  const Instant deadline = Instant::Now() + patience;
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK || Instant::Now() >= deadline) return errno;
    absl::SleepFor(absl::Milliseconds(5));
  }
  return 0;
}

// "process 12", from the kernel's list of locks; "another process" if the list does not name the holder (another
// container, a network file system).
std::string ProcessWithLock(const FileDescriptor& file) {
  struct stat info {};
  const absl::StatusOr<std::string> locks = ReadFile("/proc/locks");
  if (!locks.ok() || fstat(file.get(), &info) != 0) return "another process";
  // "1: FLOCK  ADVISORY  WRITE 708 08:01:1234 0 EOF"
  const std::string id = absl::StrCat(absl::Hex(major(info.st_dev), absl::kZeroPad2), ":",
                                      absl::Hex(minor(info.st_dev), absl::kZeroPad2), ":", info.st_ino);
  for (const absl::string_view line : absl::StrSplit(*locks, '\n')) {
    const std::vector<absl::string_view> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() > 5 && words[1] == "FLOCK" && words[5] == id && words[4] != "0" && words[4] != "-1") {
      return absl::StrCat("process ", words[4]);
    }
  }
  return "another process";
}

absl::Status LockError(const std::string& path, const FileDescriptor& file, int error) {
  if (error == EWOULDBLOCK) {
    return absl::FailedPreconditionError(absl::StrCat("'", path, "' is in use by ", ProcessWithLock(file)));
  }
  const absl::Status status = FileError("lock", path, error);
  const bool unknown = error == ENOSYS || error == EOPNOTSUPP || error == ENOLCK;
  return unknown ? absl::UnimplementedError(status.message()) : status;
}

std::string Describe(absl::string_view program) {
  std::array<char, HOST_NAME_MAX + 1> host{};
  gethostname(host.data(), host.size() - 1);
  return absl::StrCat(program, " (process ", getpid(), " on ", host.data(), ", since ",
                      absl::FormatTime("%Y-%m-%d %H:%M:%S %z", absl::Now(), absl::LocalTimeZone()), ")");
}

// What the holder wrote into the file. Waits a moment, as the holder may not have written it yet.
std::string ReadHolder(const std::string& path) {
  const Instant deadline = Instant::Now() + kPatience;
  while (true) {
    const absl::StatusOr<std::string> holder = ReadFile(path, kMaxHolderBytes);
    if (holder.ok() && !holder->empty()) return std::string(absl::StripAsciiWhitespace(*holder));
    if (Instant::Now() >= deadline) return "another process";
    absl::SleepFor(absl::Milliseconds(5));
  }
}

}  // namespace

absl::StatusOr<FileDescriptor> OpenLocked(const std::string& path, int flags, absl::Duration patience) {
  while (true) {
    // O_NONBLOCK: opening a pipe of that name must not wait.
    FileDescriptor file(open(path.c_str(), flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666));
    if (!file.is_open() && errno == EINTR) continue;
    if (!file.is_open()) return FileError("write", path, errno);
    struct stat info {};
    if (fstat(file.get(), &info) != 0) return FileError("look at", path, errno);
    if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat("'", path, "' is not a regular file"));
    if (const int error = Lock(file, patience); error != 0) return LockError(path, file, error);
    // The previous holder may have renamed or removed the file in the meantime.
    if (IsNamed(file, path)) return file;
  }
}

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& path, absl::string_view program) {
  absl::StatusOr<FileDescriptor> file = OpenLocked(path, O_RDWR);
  if (absl::IsFailedPrecondition(file.status())) {
    return absl::FailedPreconditionError(absl::StrCat("'", path, "' is held by ", ReadHolder(path)));
  }
  RECBOTS_RETURN_IF_ERROR(file.status());
  // Naming the holder is a courtesy: on a full disk there is the lock without a name.
  if (ftruncate(file->get(), 0) == 0) WriteAll(file->get(), Describe(program) + "\n");
  return FileLock(path, *std::move(file));
}

FileLock::~FileLock() {
  // The file is removed while the lock is still held, so that no other process loses its own file.
  if (file_.is_open() && IsNamed(file_, path_)) unlink(path_.c_str());
}

void HandOnLock(int descriptor) {
  if (descriptor == kHandedOnDescriptor) {
    fcntl(descriptor, F_SETFD, 0);  // dup2 of a descriptor to itself would not keep exec from closing it.
  } else {
    dup2(descriptor, kHandedOnDescriptor);
  }
}

bool IsHandedOnLock(const std::string& path) {
  struct stat ours {
  }, named{};
  // The descriptor of a lock that this process has taken itself is marked to be closed by exec; one handed on is not.
  return (fcntl(kHandedOnDescriptor, F_GETFD) & FD_CLOEXEC) == 0 && fstat(kHandedOnDescriptor, &ours) == 0 &&
         lstat(path.c_str(), &named) == 0 && Same(ours, named);
}

bool IsLocked(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  // A shared lock: several may look at the same time.
  return file.is_open() && flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string HolderOfLock(const std::string& path) { return IsLocked(path) ? ReadHolder(path) : ""; }

}  // namespace recbots
