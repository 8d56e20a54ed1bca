// The one way to read and to write a file. file_writer.h writes files that grow over time; file_lock.h claims a file or
// folder for one process at a time.
//
// Error messages name the path and contain errno's text; the codes are listed at FileError (file_descriptor.h).
// Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

inline constexpr int64_t kMaxFileBytes = int64_t{1} << 30;

// Returns the whole content. Pipes and devices are read to their end.
//   INVALID_ARGUMENT  `path` is a folder, or the content has more than max_bytes
absl::StatusOr<std::string> ReadFile(const std::string& path, int64_t max_bytes = kMaxFileBytes);

// Makes `content` the content of the file, whole or not at all: writes it under a temporary name (.recbots-...) in the
// same folder, brings the temporary file to the disk and renames it. A reader sees either the old content or the new
// one, even after a crash. After an error the old file is unchanged and the temporary file is gone. There is one
// exception: if the last step fails, which brings the new name to the disk, the file already has the new content.
//
// A symbolic link is followed: the file behind it is replaced, and the link stays. A target that is no regular file (a
// device, a pipe, /dev/stdout) is written to and never replaced; after an error it may have taken a part of `content`.
// An existing file keeps its permissions, and must be writable.
absl::Status WriteFile(const std::string& path, absl::string_view content);

// Makes the folder, and those above it, if they are missing.
absl::Status MakeFolder(const std::string& path);

// Tests whether files can be made in the folder, by making one. Returns OK, or the error that WriteFile would return.
absl::Status TryFolder(const std::string& path);

}  // namespace recbots
