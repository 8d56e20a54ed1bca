// The page that `recbots inspect` shows of one directory of checkpoints.
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
  absl::Status status;  // Of reading it; then of its files, the first one that does not check.
  v1::CheckpointManifest manifest;
};

// A directory, read and checked.
struct DirectoryFound {
  std::vector<ManifestFound> manifests;       // Newest first.
  std::map<std::string, absl::Status> files;  // Every file that a manifest names.
  std::vector<std::string> strays;            // Ours by name, named by no manifest.
  int64_t foreign = 0;                        // Not ours.
  bool in_use = false;                        // A server has claimed it.

  // The one that a server would restore; nullptr: none.
  const ManifestFound* Newest() const;
};

// UNAVAILABLE, NOT_FOUND: the directory cannot be read. Faults of its files are in the result.
absl::StatusOr<DirectoryFound> ReadDirectory(const replay::Folder& folder);

// `table`: only this one; "": all.
void WriteReport(const replay::Folder& folder, const DirectoryFound& found, const std::string& table,
                 std::ostream& out);

}  // namespace recbots
