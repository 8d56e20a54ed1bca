#include "common/base/machine_memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace recbots {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// The limit in a file of one number. There is no limit if the file says "max", holds no number, or is missing.
int64_t LimitIn(const std::string& path) {
  std::ifstream file(path);
  std::string text;
  int64_t bytes = 0;
  if (!(file >> text) || !absl::SimpleAtoi(text, &bytes) || bytes < 1) return kNoLimit;
  return bytes;
}

// The smallest limit of a group and of all groups that contain it.
int64_t LimitOf(const std::string& root, std::string group, const char* file) {
  int64_t limit = LimitIn(absl::StrCat(root, "/", file));
  while (group.size() > 1) {
    limit = std::min(limit, LimitIn(absl::StrCat(root, group, "/", file)));
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  return limit;
}

}  // namespace

int64_t ControlGroupLimit(const std::string& root, const std::string& groups) {
  int64_t limit = kNoLimit;
  for (const absl::string_view line : absl::StrSplit(groups, '\n')) {
    // Version 2 writes "0::/group", version 1 "9:memory:/group". A group that begins with "/.." is not visible from
    // here.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3) continue;
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (parts[1].empty()) {
      limit = std::min(limit, LimitOf(root, parts[2], "memory.max"));
    } else if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      limit = std::min(limit, LimitOf(absl::StrCat(root, "/memory"), parts[2], "memory.limit_in_bytes"));
    }
  }
  return limit;
}

int64_t MachineMemoryBytes() {
  std::ifstream file("/proc/self/cgroup");
  std::ostringstream groups;
  groups << file.rdbuf();
  int64_t bytes = ControlGroupLimit("/sys/fs/cgroup", groups.str());
  const int64_t pages = sysconf(_SC_PHYS_PAGES);
  if (pages > 0) bytes = std::min(bytes, pages * sysconf(_SC_PAGESIZE));
  rlimit space{};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur < static_cast<rlim_t>(bytes)) {
    bytes = static_cast<int64_t>(space.rlim_cur);
  }
  return std::max<int64_t>(bytes, 1);
}

}  // namespace recbots
