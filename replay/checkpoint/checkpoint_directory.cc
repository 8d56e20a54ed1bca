#include "replay/checkpoint/checkpoint_directory.h"

#include <fcntl.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/file_lock.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "replay/checkpoint/block_file.h"
#include "replay/checkpoint/file_names.h"
#include "replay/checkpoint/manifest.h"

namespace recbots::replay {
namespace {

// Per folder of another server. Enough for `recbots inspect` to look whether a folder is in use.
constexpr absl::Duration kPatience = absl::Milliseconds(10);

// The lock on a folder; nothing: another server has it.
absl::StatusOr<std::optional<FileDescriptor>> TryLock(const Folder& folder) {
  absl::StatusOr<FileDescriptor> lock = OpenLocked(folder.PathOf(kLockName), O_RDWR, kPatience);
  if (absl::IsFailedPrecondition(lock.status())) return std::optional<FileDescriptor>();
  if (!lock.ok()) return absl::UnavailableError(absl::StrCat("no lock: ", lock.status().message()));
  return std::optional<FileDescriptor>(*std::move(lock));
}

absl::string_view MagicOf(FileName::Kind kind) {
  const bool blocks = kind == FileName::Kind::kSegment || kind == FileName::Kind::kArrays;
  return blocks ? kBlockFileMagic : kManifestMagic;
}

void AddFiles(const v1::CheckpointManifest& manifest, std::set<std::string>& names) {
  for (const v1::CheckpointTable& table : manifest.tables()) {
    names.insert(table.arrays().name());
    for (const v1::CheckpointFile& file : table.segments()) names.insert(file.name());
  }
}

// Which manifests go, and what those that stay name.
struct Plan {
  std::set<int64_t> delete_manifests;
  std::set<std::string> used;
};

absl::StatusOr<Plan> MakePlan(const Folder& folder, int keep, const std::set<int64_t>& refused) {
  Plan plan;
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<int64_t> sequences, ListManifests(folder));
  int kept = 0;
  for (const int64_t sequence : sequences) {
    if (kept == keep) {
      plan.delete_manifests.insert(sequence);
      continue;
    }
    const absl::StatusOr<v1::CheckpointManifest> manifest = ReadManifest(folder, sequence);
    if (absl::IsUnavailable(manifest.status())) return manifest.status();
    if (!manifest.ok()) continue;
    AddFiles(*manifest, plan.used);
    if (!refused.contains(sequence)) ++kept;
  }
  return plan;
}

}  // namespace

absl::StatusOr<CheckpointDirectory> CheckpointDirectory::Claim(const std::string& parent) {
  for (int shard = 0; shard < kMaxShards; ++shard) {
    const std::string path = absl::StrCat(parent, "/shard-", shard);
    std::error_code error;
    const std::filesystem::file_type type = std::filesystem::status(path, error).type();
    if (type != std::filesystem::file_type::directory && type != std::filesystem::file_type::not_found && !error) {
      RECBOTS_LOG(WARNING) << "not a directory: passed over" << Field("path", path);
      continue;
    }
    RECBOTS_ASSIGN_OR_RETURN(Folder folder, Folder::Make(path));
    RECBOTS_ASSIGN_OR_RETURN(std::optional<FileDescriptor> lock, TryLock(folder));
    if (lock.has_value()) return CheckpointDirectory(std::move(folder), *std::move(lock));
  }
  return absl::UnavailableError(
      absl::StrCat("'", parent, "': all of shard-0..", kMaxShards - 1, " are taken by other servers"));
}

absl::StatusOr<std::vector<int64_t>> ListManifests(const Folder& folder) {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, folder.List());
  std::vector<int64_t> sequences;
  for (const std::string& name : names) {
    const FileName parsed = ParseFileName(name);
    if (parsed.kind == FileName::Kind::kManifest) sequences.push_back(parsed.sequence);
  }
  std::sort(sequences.rbegin(), sequences.rend());
  return sequences;
}

absl::StatusOr<v1::CheckpointManifest> ReadManifest(const Folder& folder, int64_t sequence) {
  const std::string name = ManifestName(sequence);
  RECBOTS_ASSIGN_OR_RETURN(const std::string bytes, folder.ReadFile(name, kMaxManifestBytes));
  absl::StatusOr<v1::CheckpointManifest> manifest = DecodeManifest(bytes);
  if (!manifest.ok()) {
    return absl::Status(manifest.status().code(),
                        absl::StrCat("'", folder.PathOf(name), "': ", manifest.status().message()));
  }
  if (manifest->sequence() != sequence) {
    return absl::DataLossError(
        absl::StrCat("'", folder.PathOf(name), "' says it is checkpoint ", manifest->sequence()));
  }
  return manifest;
}

absl::StatusOr<int64_t> HighestSequence(const Folder& folder) {
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, folder.List());
  int64_t highest = 0;
  for (const std::string& name : names) highest = std::max(highest, ParseFileName(name).sequence);
  return highest;
}

absl::StatusOr<int64_t> DeleteUnused(const Folder& folder, int keep, const std::set<int64_t>& refused) {
  RECBOTS_ASSIGN_OR_RETURN(const Plan plan, MakePlan(folder, keep, refused));
  RECBOTS_ASSIGN_OR_RETURN(std::vector<std::string> names, folder.List());
  int64_t deleted = 0;
  // Manifests first: a crash in between leaves files without names, not names without files.
  std::stable_partition(names.begin(), names.end(),
                        [](const std::string& name) { return ParseFileName(name).kind == FileName::Kind::kManifest; });
  for (const std::string& name : names) {
    using Kind = FileName::Kind;
    const FileName parsed = ParseFileName(name);
    if (parsed.kind == Kind::kForeign || plan.used.contains(name)) continue;
    if (parsed.kind == Kind::kManifest && !plan.delete_manifests.contains(parsed.sequence)) continue;
    if (!folder.BeginsWith(name, MagicOf(parsed.kind))) continue;
    if (folder.Remove(name).ok()) ++deleted;
  }
  return deleted;
}

}  // namespace recbots::replay
