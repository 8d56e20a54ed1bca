#include <set>

#include "common/base/file_lock.h"
#include "common/base/status_macros.h"
#include "deploy/cli/inspect/checkpoint_report.h"
#include "replay/checkpoint/block_file.h"
#include "replay/checkpoint/checkpoint_directory.h"
#include "replay/checkpoint/file_names.h"
#include "replay/checkpoint/restore.h"

namespace recbots {
namespace {

absl::Status CheckFile(const replay::Folder& folder, const v1::CheckpointFile& file) {
  RECBOTS_ASSIGN_OR_RETURN(const replay::BlockFile blocks, replay::BlockFile::Open(folder, file));
  return blocks.Verify();
}

// Checks the files that were not already checked for a newer manifest; names are never used twice.
void CheckFiles(const replay::Folder& folder, ManifestFound& found, std::map<std::string, absl::Status>& files) {
  for (const v1::CheckpointTable& table : found.manifest.tables()) {
    for (const v1::CheckpointFile* file : replay::FilesOf(table)) {
      const auto [entry, is_new] = files.try_emplace(file->name());
      if (is_new) entry->second = CheckFile(folder, *file);
      if (found.status.ok()) found.status = entry->second;
    }
  }
}

}  // namespace

const ManifestFound* DirectoryFound::Newest() const {
  for (const ManifestFound& found : manifests) {
    if (found.status.ok()) return &found;
  }
  return nullptr;
}

absl::StatusOr<DirectoryFound> ReadDirectory(const replay::Folder& folder) {
  DirectoryFound result;
  result.in_use = IsLocked(folder.PathOf(replay::kLockName));
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sequences, replay::ListManifests(folder));
  for (const int64_t sequence : sequences) {
    ManifestFound& found = result.manifests.emplace_back();
    found.sequence = sequence;
    absl::StatusOr<v1::CheckpointManifest> manifest = replay::ReadManifest(folder, sequence);
    found.status = manifest.status();
    if (!manifest.ok()) continue;
    found.manifest = *std::move(manifest);
    CheckFiles(folder, found, result.files);
  }
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, folder.List());
  for (const std::string& name : names) {
    const replay::FileName::Kind kind = replay::ParseFileName(name).kind;
    if (kind == replay::FileName::Kind::kManifest || name == replay::kLockName || result.files.contains(name)) continue;
    if (kind == replay::FileName::Kind::kForeign) {
      ++result.foreign;
    } else {
      result.strays.push_back(name);
    }
  }
  return result;
}

}  // namespace recbots
