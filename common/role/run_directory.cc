#include "common/role/run_directory.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/file_descriptor.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;

constexpr char kPreviousFolder[] = "previous";
constexpr int kMaxRunsASecond = 1000;
constexpr size_t kMaxNameBytes = 100;

absl::Status Refuse(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("--run_dir '", path, "': ", why));
}

std::string FolderName(absl::string_view name) {
  std::string folder(name.substr(0, kMaxNameBytes));
  for (char& c : folder) {
    const bool kept = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
    if (!kept) c = '_';
  }
  return folder;
}

}  // namespace

absl::Status PrepareRunDirectory(const std::string& path) {
  absl::Status usable = MakeFolder(path);
  if (usable.ok()) usable = TryFolder(path);
  return usable.ok() ? usable : Refuse(path, usable.message());
}

absl::StatusOr<RunDirectory> RunDirectory::Claim(const std::string& path, absl::string_view program) {
  RECBOTS_RETURN_IF_ERROR(PrepareRunDirectory(path));
  RunDirectory directory(path);
  const std::string lock_path = directory.Path(kRunLockFile);
  directory.inherited_ = IsHandedOnLock(lock_path);
  if (directory.inherited_) return directory;
  absl::StatusOr<FileLock> lock = FileLock::Acquire(lock_path, program);
  if (lock.ok()) {
    directory.lock_.emplace(*std::move(lock));
    return directory;
  }
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(
        absl::StrCat("--run_dir '", path, "': another run is in it: ", lock.status().message()));
  }
  if (!absl::IsUnimplemented(lock.status())) return Refuse(path, lock.status().message());
  RECBOTS_LOG(WARNING) << "nothing keeps other runs out of this run directory: " << lock.status().message();
  return directory;
}

absl::StatusOr<RunDirectory> RunDirectory::MakeNew(const std::string& parent, absl::string_view name,
                                                   absl::string_view program) {
  RECBOTS_RETURN_IF_ERROR(MakeFolder(parent));
  const std::string base = absl::StrCat(
      parent, "/", absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()), "-", FolderName(name));
  for (int number = 1; number <= kMaxRunsASecond; ++number) {
    const std::string path = number == 1 ? base : absl::StrCat(base, "-", number);
    if (mkdir(path.c_str(), 0777) == 0) return Claim(path, program);
    if (errno != EEXIST) return FileError("make", path, errno);
  }
  return absl::UnavailableError(absl::StrCat("cannot make '", base, "': ", kMaxRunsASecond, " of that name are there"));
}

absl::Status RunDirectory::Begin(absl::string_view config, absl::Span<const absl::string_view> more_folders) const {
  if (inherited_) return absl::OkStatus();
  std::vector<absl::string_view> folders(more_folders.begin(), more_folders.end());
  folders.push_back(kEventsFolder);
  bool any = false;
  for (const absl::string_view name : kRunFiles) {
    std::error_code error;
    const fs::file_type type = fs::symlink_status(Path(name), error).type();
    if (type == fs::file_type::directory) return Refuse(path_, absl::StrCat("'", Path(name), "' is a folder"));
    any |= type != fs::file_type::not_found && name != kConfigFile;
  }
  for (const absl::string_view name : folders) {
    std::error_code error;
    any |= fs::symlink_status(Path(name), error).type() != fs::file_type::not_found;
  }
  if (any) RECBOTS_RETURN_IF_ERROR(MoveToPrevious(folders));
  return WriteConfig(config);
}

absl::Status RunDirectory::Resume(absl::string_view config) const {
  const std::string report = Path(kReportFile);
  if (unlink(report.c_str()) != 0 && errno != ENOENT) {
    return Refuse(path_, FileError("remove", report, errno).message());
  }
  return inherited_ ? absl::OkStatus() : WriteConfig(config);
}

absl::Status RunDirectory::WriteConfig(absl::string_view config) const {
  const absl::Status written = WriteFile(Path(kConfigFile), config);
  return written.ok() ? written : Refuse(path_, written.message());
}

absl::Status RunDirectory::MoveToPrevious(absl::Span<const absl::string_view> folders) const {
  std::string previous = Path(kPreviousFolder);
  std::error_code error;
  for (int number = 2; fs::exists(previous, error); ++number) {
    previous = absl::StrCat(Path(kPreviousFolder), "-", number);
  }
  if (const absl::Status made = MakeFolder(previous); !made.ok()) return Refuse(path_, made.message());
  std::vector<absl::string_view> names(kRunFiles.begin(), kRunFiles.end());
  names.insert(names.end(), folders.begin(), folders.end());
  for (const absl::string_view name : names) {
    const std::string from = Path(name), to = absl::StrCat(previous, "/", name);
    if (rename(from.c_str(), to.c_str()) == 0 || errno == ENOENT) continue;
    return Refuse(path_, FileError(absl::StrCat("move to '", to, "'"), from, errno).message());
  }
  return absl::OkStatus();
}

std::string RunDirectory::Path(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

}  // namespace recbots
