// The directory of one server's checkpoints: whose it is, which manifests lie in it, what may be deleted.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots::replay {

// Owns the claim on a directory while it lives; the claim of a process that dies ends with it. Movable. Thread-safe for
// reading; one thread at a time writes.
class CheckpointDirectory {
 public:
  static constexpr int kMaxShards = 256;

  // The first of PARENT/shard-0, shard-1, ... that no other server holds; made if missing. What has such a name and is
  // no directory is passed over.
  //   UNAVAILABLE, RESOURCE_EXHAUSTED  it cannot be made, read or locked, or kMaxShards servers have one; names it
  static absl::StatusOr<CheckpointDirectory> Claim(const std::string& parent);

  const Folder& folder() const { return folder_; }
  Folder& folder() { return folder_; }

 private:
  CheckpointDirectory(Folder folder, FileDescriptor lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}

  Folder folder_;
  FileDescriptor lock_;
};

// Sequence numbers of the manifests in the folder, newest first, whether they check or not.
absl::StatusOr<std::vector<int64_t>> ListManifests(const Folder& folder);
// Reads and checks one (manifest.h); its own sequence number must be that of its name.
absl::StatusOr<v1::CheckpointManifest> ReadManifest(const Folder& folder, int64_t sequence);
// The highest sequence number in any of our names, 0: there is none. What is written next is to have a higher one.
absl::StatusOr<int64_t> HighestSequence(const Folder& folder);

// Keeps the newest `keep` manifests that decode and are not among `refused` (those whose files did not check), and what
// is newer than the oldest of these; deletes older manifests, half-written ones, and segments and arrays that no
// manifest in the folder names. Nothing else is touched: no foreign name, no directory, no file of our name that does
// not begin like ours. Returns the number of files deleted. A file that cannot be deleted is passed over: it is met
// again next time. UNAVAILABLE: a manifest or the folder could not be read; nothing was deleted.
absl::StatusOr<int64_t> DeleteUnused(const Folder& folder, int keep, const std::set<int64_t>& refused);

}  // namespace recbots::replay
