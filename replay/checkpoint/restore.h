// Reads the newest checkpoint that checks into a store.
#pragma once

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
  // What was restored; sequence 0: nothing was there.
  v1::CheckpointManifest manifest;
  // Newer checkpoints that did not check.
  std::set<int64_t> refused;
};

// Tries the manifests from the newest on. Nothing of a checkpoint is taken over before all of its files but those of
// the table with the most bytes were read and checked; that table comes first and is read once, checked as it comes in.
// So a checkpoint that does not check leaves the store as new, and the next one can be tried.
//   FAILED_PRECONDITION  another schema, rows of another experiment (unless `allow_other_experiment`: then the report's
//                        differences say it), a table that the store lacks, a newer format: older ones are not tried
//                        then
//   DATA_LOSS            there are manifests, but none of them checks; names the newest, why, and the way out
//   UNAVAILABLE          the folder cannot be read
//   CANCELLED            `stop` said so, which several threads ask every few megabytes; nothing on disk was changed
// After an error the store is not to be used.
absl::StatusOr<Restored> RestoreNewest(const Folder& folder, Store& store, const StopQuestion& stop = {},
                                       bool allow_other_experiment = false);

// Every file of a checkpoint, in the order of its tables.
std::vector<const v1::CheckpointFile*> FilesOf(const v1::CheckpointTable& table);

}  // namespace recbots::replay
