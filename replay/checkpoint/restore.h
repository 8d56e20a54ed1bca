// Reads the newest valid checkpoint into a store.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/stop.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/checkpoint/folder.h"
#include "replay/table/store.h"

namespace recbots::replay {

struct Restored {
  RestoreReport report;
  // The checkpoint restored; sequence 0 if there was none.
  v1::CheckpointManifest manifest;
  // Newer checkpoints that are damaged.
  std::set<int64_t> refused;
};

// Restores the checkpoint `wanted` (0: none; checkpoints that are newer go to `refused`), or tries the manifests, the
// newest first. First reads and checks all files of a checkpoint, except those of the table
// with the most bytes; then restores that table, whose files are checked while they are read, only once; then the other
// tables. So a damaged checkpoint leaves the store as new, and the next one can be tried. Tables of transitions are
// made for the schema of the checkpoint; the experiment of its rows is compared with that of writers and readers later.
//   FAILED_PRECONDITION  the checkpoint has another schema than the store, rows for which the store cannot make tables
//                        (Store::MakeTransitions), a table that the store lacks, or a newer format; older checkpoints
//                        are not tried
//   DATA_LOSS            there are checkpoints, but none of them is valid; the message names the newest, what is wrong
//                        with it, and the way out
//   UNAVAILABLE          the folder cannot be read
//   CANCELLED            `stop`, which several threads ask every few megabytes, returned true; nothing on disk changed
// After an error the store must not be used.
absl::StatusOr<Restored> RestoreNewest(const Folder& folder, Store& store, const StopQuestion& stop = {},
                                       std::optional<int64_t> wanted = std::nullopt);

// Every file of a checkpoint, in the order of its tables.
std::vector<const v1::CheckpointFile*> FilesOf(const v1::CheckpointTable& table);

}  // namespace recbots::replay
