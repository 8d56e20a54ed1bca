// The one way to read and to write a file. A file that grows over time is written with file_writer.h; what belongs to
// one process at a time is claimed with file_lock.h.
//
// Errors name the path and say errno's text; their codes are those of FileError (file_descriptor.h). Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

inline constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

// The whole content. Pipes and devices are read to their end.
//   INVALID_ARGUMENT  a folder; more than max_bytes
absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes = kMaxFileBytes);

// Makes `content` the content of the file, whole or not at all: writes it under a temporary name (.recbots-...) in the
// same folder, brings it to the disk and renames it. A reader, also one after a crash, sees the old file or the new
// one. When it fails the old file stands as it was and the temporary one is gone; only where the very last step fails,
// bringing the new name to the disk, the new content is there already.
//
// A symbolic link is followed: the file behind it is replaced, and the link stays. A target that is no regular file (a
// device, a pipe, /dev/stdout) is written to and never replaced; it may then have taken a part of `content` when an
// error comes. A file that exists keeps its permissions, and must be writable.
absl::Status WriteFile(const std::string& path, absl::string_view content);

// Makes the folder, and those above it, where they are missing.
absl::Status MakeFolder(const std::string& path);

// Whether files can be made in the folder, tried with one. OK, or the reason as WriteFile would give it.
absl::Status TryFolder(const std::string& path);

}  // namespace recbots
