#include "common/base/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace recbots {

absl::StatusOr<DiskSpace> DiskSpaceOf(const std::string& folder) {
  struct statvfs space {};
  if (statvfs(folder.c_str(), &space) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot ask for the space in '", folder, "'"));
  }
  const auto bytes = [&space](auto blocks) {
    return static_cast<int64_t>(blocks) * static_cast<int64_t>(space.f_frsize);
  };
  return DiskSpace{.total_bytes = bytes(space.f_blocks), .free_bytes = bytes(space.f_bavail)};
}

}  // namespace recbots
