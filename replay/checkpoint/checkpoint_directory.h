// The directory of one server's checkpoints: claims it, lists its manifests, and deletes files that are not needed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots::replay {

// Holds the claim on a directory as long as it lives; the claim of a process also ends when the process dies. Movable.
// Several threads may read; only one at a time may write.
class CheckpointDirectory {
 public:
  static constexpr int kMaxShards = 256;

  // Claims the first of PARENT/shard-0, shard-1, ... that no other server holds, and makes it if it is missing. Skips
  // files of such a name that are no directories.
  //   UNAVAILABLE, RESOURCE_EXHAUSTED  the directory cannot be made, read or locked, or kMaxShards servers have claimed
  //                                    one; the message names it
  static absl::StatusOr<CheckpointDirectory> Claim(const std::string& parent);

  const Folder& folder() const { return folder_; }
  Folder& folder() { return folder_; }

 private:
  CheckpointDirectory(Folder folder, FileDescriptor lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}

  Folder folder_;
  FileDescriptor lock_;
};

// The sequence numbers of all manifests in the folder, newest first, valid or not.
absl::StatusOr<std::vector<int64_t>> ListManifests(const Folder& folder);
// Reads and checks one manifest (manifest.h); the sequence number in it must be that of its name.
absl::StatusOr<v1::CheckpointManifest> ReadManifest(const Folder& folder, int64_t sequence);
// The highest sequence number in any name of ours, or 0. The next checkpoint must have a higher one.
absl::StatusOr<int64_t> HighestSequence(const Folder& folder);

// Keeps the newest `keep` manifests that decode and are not in `refused` (manifests with damaged files), and all
// manifests newer than the oldest of these. Deletes older manifests, half-written manifests, and segments and arrays
// that no remaining manifest names. Touches nothing else: no foreign name, no directory, and no file with a name of
// ours whose content begins otherwise. Returns the number of files deleted. Skips a file that cannot be deleted; the
// next call tries again. UNAVAILABLE: a manifest or the folder could not be read; nothing was deleted.
absl::StatusOr<int64_t> DeleteUnused(const Folder& folder, int keep, const std::set<int64_t>& refused);

}  // namespace recbots::replay
