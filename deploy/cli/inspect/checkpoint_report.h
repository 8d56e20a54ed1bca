// The page of `recbots inspect` for one directory of checkpoints.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots {

// One manifest of a directory.
struct ManifestFound {
  int64_t sequence = 0;
  absl::Status status;  // The error of reading it, or that of its first damaged file.
  v1::CheckpointManifest manifest;
};

// A directory, read and checked.
struct DirectoryFound {
  std::vector<ManifestFound> manifests;       // Newest first.
  std::map<std::string, absl::Status> files;  // Every file that a manifest names.
  std::vector<std::string> strays;            // Files with our names that no manifest names.
  int64_t foreign = 0;                        // The number of files with other names.
  bool in_use = false;                        // A server has claimed the directory.

  // The manifest that a server would restore, or nullptr.
  const ManifestFound* Newest() const;
};

// Reads a directory. UNAVAILABLE, NOT_FOUND: it cannot be read. Errors of its files are part of the result.
absl::StatusOr<DirectoryFound> ReadDirectory(const replay::Folder& folder);

// Writes the page to `out`, for one `table`, or for all tables with "".
void WriteReport(const replay::Folder& folder, const DirectoryFound& found, const std::string& table,
                 std::ostream& out);

}  // namespace recbots
