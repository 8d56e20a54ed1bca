// How much room there is on the disk that a folder lies on.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace recbots {

struct DiskSpace {
  int64_t total_bytes = 0;  // Of the file system
  int64_t free_bytes = 0;   // What this process may still write, without the part that is kept for root
};

// The file system of `folder`. The call waits as long as the file system does: one of a network that is away may not
// answer for minutes.
//   NOT_FOUND, PERMISSION_DENIED, ...  the file system cannot be asked; the message names the folder and the reason
absl::StatusOr<DiskSpace> DiskSpaceOf(const std::string& folder);

}  // namespace recbots
