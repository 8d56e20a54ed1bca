// Writes a store's cuts into a folder, one attempt a call. What did not change since the checkpoint before is named
// again, not written again.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/checkpoint/folder.h"
#include "replay/table/store.h"

namespace recbots::replay {

// Not thread-safe; the tables may be used meanwhile.
class CheckpointWriter {
 public:
  struct Options {
    int keep = 3;
    // Called after this many bytes were written; may wait. False: give up.
    std::function<bool(int64_t bytes)> pace;
  };

  // Goes on behind `restored` (sequence 0: there is nothing yet); the sequence number of attempts is above
  // `highest_sequence`. Checkpoints in `refused` do not count among those that are kept. Folder and store outlive this.
  CheckpointWriter(Folder* folder, Store* store, Options options, v1::CheckpointManifest restored,
                   int64_t highest_sequence, std::set<int64_t> refused);

  // One cut, on disk when it returns OK; the tables' durable marks are set then, and older checkpoints deleted. When
  // nothing at all changed, the newest checkpoint stands for this one too and nothing is written. On an error what the
  // attempt wrote is removed, and the tables remember what is still to be written.
  //   CANCELLED                        `pace` gave up
  //   RESOURCE_EXHAUSTED, UNAVAILABLE  as Folder
  absl::StatusOr<CheckpointReport> Write();

  // Takes away what is half-written or not named any more (checkpoint_directory.h), as Write does after a checkpoint.
  void DeleteUnused();

 private:
  absl::Status WriteCut();
  absl::Status WriteSegments(size_t index, v1::CheckpointTable& out);
  absl::Status WriteArrays(size_t index, v1::CheckpointTable& out);
  // One segment out of the cut, or the file that holds the same already.
  absl::StatusOr<v1::CheckpointFile> WriteSegment(size_t index, int64_t segment, const v1::CheckpointFile* known);
  absl::Status WriteManifest();
  // A new file with these bytes, to be synced by SyncFiles.
  absl::Status WriteFile(const std::string& name, std::vector<absl::string_view> parts);
  absl::Status SyncFiles();
  void RemoveWritten();
  const v1::CheckpointTable* Newest(const std::string& table) const;

  Folder* const folder_;
  Store* const store_;
  const Options options_;
  std::set<int64_t> refused_;
  v1::CheckpointManifest newest_;  // On disk.
  int64_t last_sequence_;          // Of the last attempt.

  // The attempt that goes on. The memory is kept from one to the next.
  std::vector<FrozenTable> frozen_;
  std::vector<char> buffer_;
  v1::CheckpointManifest manifest_;
  std::vector<std::string> written_;
  std::vector<std::pair<FileDescriptor, std::string>> unsynced_;
  int64_t bytes_written_ = 0;
};

}  // namespace recbots::replay
