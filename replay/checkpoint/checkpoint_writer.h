// Writes a store's cuts into a folder, one attempt per call. A file whose content has not changed since the previous
// checkpoint is not written again; the new manifest names the old file.
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

// Not thread-safe; other threads may use the tables meanwhile.
class CheckpointWriter {
 public:
  struct Options {
    int keep = 3;
    // Called after each piece of `bytes` bytes is written; may wait. If it returns false, the writer gives up.
    std::function<bool(int64_t bytes)> pace;
  };

  // Continues after the checkpoint `restored` (sequence 0: there is none yet). Attempts get sequence numbers above
  // `highest_sequence`. Checkpoints in `refused` do not count among the `keep` that are kept. Folder and store must
  // outlive this object.
  CheckpointWriter(Folder* folder, Store* store, Options options, v1::CheckpointManifest restored,
                   int64_t highest_sequence, std::set<int64_t> refused);

  // Makes one cut and writes it to disk; then sets the tables' durable marks and deletes older checkpoints. If nothing
  // has changed, it writes nothing and the newest checkpoint stands for this one, too. If no table exists yet, there is
  // nothing to keep: it writes nothing, and the sequence number of the report is 0. After an error the files of the
  // attempt are removed, and the tables remember what still has to be written.
  //   CANCELLED                        `pace` gave up
  //   RESOURCE_EXHAUSTED, UNAVAILABLE  as in Folder
  absl::StatusOr<CheckpointReport> Write();

  // Deletes files that are half-written or not named any more (checkpoint_directory.h), as Write does after a
  // checkpoint.
  void DeleteUnused();

 private:
  absl::Status WriteCut();
  absl::Status WriteSegments(size_t index, v1::CheckpointTable& out);
  absl::Status WriteArrays(size_t index, v1::CheckpointTable& out);
  // Writes one segment of the cut, or finds that the file `known` already has this content.
  absl::StatusOr<v1::CheckpointFile> WriteSegment(size_t index, int64_t segment, const v1::CheckpointFile* known);
  absl::Status WriteManifest();
  // Writes a new file with these bytes; SyncFiles syncs it.
  absl::Status WriteFile(const std::string& name, std::vector<absl::string_view> parts);
  absl::Status SyncFiles();
  void RemoveWritten();
  const v1::CheckpointTable* Newest(const std::string& table) const;

  Folder* const folder_;
  Store* const store_;
  const Options options_;
  std::set<int64_t> refused_;
  v1::CheckpointManifest newest_;  // On disk
  int64_t last_sequence_;          // Of the last attempt

  // The current attempt. Its memory is reused by the next one.
  Store::Cut cut_;
  std::vector<FrozenTable> frozen_;
  std::vector<char> buffer_;
  v1::CheckpointManifest manifest_;
  std::vector<std::string> written_;
  std::vector<std::pair<FileDescriptor, std::string>> unsynced_;
  int64_t bytes_written_ = 0;
};

}  // namespace recbots::replay
