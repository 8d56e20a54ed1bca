// Shows a directory of replay checkpoints (docs/formats.md): a page for people, or its rows as JSON Lines for programs.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"

namespace recbots {

// Writes to `out` what a server's directory (DIR/shard-N) contains, or each of DIR/shard-0, shard-1, ...: the
// manifests, whether all their files are undamaged, and for the newest valid one all settings, counters and marks of
// its tables, and the changes since the previous one. Only reads; a running server may use the directory meanwhile.
//
// If dump_rows > 0, writes instead this many of the newest rows of one table as JSON Lines, oldest first; with -1 all
// rows. Each row is an object: column name -> number or nested arrays of numbers, null if a float is not finite. Ends
// early, with OK, if `out` accepts no more. `table` selects one table; "" means all tables, or the first table to dump.
//   NOT_FOUND         there is no such directory, no checkpoint in it, or no table of that name
//   INVALID_ARGUMENT  rows were asked for, but there are several shards; the message names them
//   DATA_LOSS         no checkpoint is valid; what could be read was written
//   UNAVAILABLE       the directory cannot be read
absl::Status InspectCheckpoint(const std::string& directory, int64_t dump_rows, const std::string& table,
                               std::ostream& out);

}  // namespace recbots
