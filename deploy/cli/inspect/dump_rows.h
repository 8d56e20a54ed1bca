// Writes rows of a checkpoint as JSON Lines.
#pragma once

#include <cstdint>
#include <ostream>

#include "absl/status/status.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots {

// Writes the newest num_rows rows (-1: all) of a table with undamaged files, one line each, oldest first. Takes memory
// for num_rows rows. Ends early, with OK, if `out` accepts no more: the caller has opened `out` and knows whether this
// is an error.
//   RESOURCE_EXHAUSTED  there is not enough memory
//   DATA_LOSS           the arrays do not fit the header
absl::Status DumpRows(const replay::Folder& folder, const v1::CheckpointTable& table, int64_t num_rows,
                      std::ostream& out);

}  // namespace recbots
