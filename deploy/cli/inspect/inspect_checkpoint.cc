#include "deploy/cli/inspect/inspect_checkpoint.h"

#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "deploy/cli/inspect/checkpoint_report.h"
#include "deploy/cli/inspect/dump_rows.h"
#include "replay/checkpoint/checkpoint_directory.h"

namespace recbots {
namespace {

// The directories of single servers: the directory itself, or its shards.
absl::StatusOr<std::vector<std::string>> FindShards(const std::string& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return absl::NotFoundError(absl::StrCat("'", directory, "' is not a directory"));
  }
  RECBOTS_ASSIGN_OR_RETURN(const replay::Folder folder, replay::Folder::Open(directory));
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<int64_t> manifests, replay::ListManifests(folder));
  if (!manifests.empty()) return std::vector<std::string>{directory};
  std::vector<std::string> shards;
  for (int shard = 0; shard < replay::CheckpointDirectory::kMaxShards; ++shard) {
    const std::string path = absl::StrCat(directory, "/shard-", shard);
    if (std::filesystem::is_directory(path, error)) shards.push_back(path);
  }
  if (shards.empty()) {
    return absl::NotFoundError(absl::StrCat("no checkpoint in '", directory, "': want manifests, or shard-0, shard-1"));
  }
  return shards;
}

absl::StatusOr<const v1::CheckpointTable*> FindTable(const v1::CheckpointManifest& manifest, const std::string& name) {
  std::vector<std::string> names;
  for (const v1::CheckpointTable& table : manifest.tables()) {
    if (name.empty() || table.frozen().name() == name) return &table;
    names.push_back(table.frozen().name());
  }
  return absl::NotFoundError(absl::StrCat("checkpoint ", manifest.sequence(), " has no table '", name,
                                          "'; it has: ", absl::StrJoin(names, ", ")));
}

absl::Status Inspect(const std::string& shard, int64_t dump_rows, const std::string& table, std::ostream& out) {
  RECBOTS_ASSIGN_OR_RETURN(const replay::Folder folder, replay::Folder::Open(shard));
  RECBOTS_ASSIGN_OR_RETURN(const DirectoryFound found, ReadDirectory(folder));
  const ManifestFound* const newest = found.Newest();
  if (dump_rows == 0) WriteReport(folder, found, table, out);
  if (found.manifests.empty()) return absl::OkStatus();
  if (newest == nullptr) {
    return absl::DataLossError(absl::StrCat("none of the ", found.manifests.size(), " checkpoints in '", shard,
                                            "' checks; the newest: ", found.manifests.front().status.message()));
  }
  RECBOTS_ASSIGN_OR_RETURN(const v1::CheckpointTable* const saved, FindTable(newest->manifest, table));
  return dump_rows == 0 ? absl::OkStatus() : DumpRows(folder, *saved, dump_rows, out);
}

}  // namespace

absl::Status InspectCheckpoint(const std::string& directory, int64_t dump_rows, const std::string& table,
                               std::ostream& out) {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> shards, FindShards(directory));
  if (dump_rows != 0 && shards.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("rows of ", shards.size(), " shards: name one of ", absl::StrJoin(shards, ", ")));
  }
  absl::Status result;
  for (const std::string& shard : shards) {
    const absl::Status status = Inspect(shard, dump_rows, table, out);
    if (result.ok()) result = status;
  }
  return result;
}

}  // namespace recbots
