// What lies in a directory of replay checkpoints (docs/formats.md): for people, and its rows as JSON Lines for
// programs.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace recbots {

// Writes to `out` what is in a server's directory (DIR/shard-N), or in each of DIR/shard-0, shard-1, ...: which
// manifests there are, whether every file of them checks, and of the newest one that does all settings, counters and
// marks of its tables, and what changed since the one before. Only reads; a running server may use the directory
// meanwhile.
//
// dump_rows > 0: instead, this many of the newest rows of one table as JSON Lines, oldest first; -1: all of them. An
// object per row: column name -> number or nested arrays of numbers, null where a float is not finite. Ends early, with
// OK, when `out` takes no more. `table`: only this one; "": all, or the first one to dump.
//   NOT_FOUND         no such directory, no checkpoint in it, no table of that name
//   INVALID_ARGUMENT  rows of several shards asked for: names them
//   DATA_LOSS         no checkpoint checks; what could be said was written
//   UNAVAILABLE       the directory cannot be read
absl::Status InspectCheckpoint(const std::string& directory, int64_t dump_rows, const std::string& table,
                               std::ostream& out);

}  // namespace recbots
