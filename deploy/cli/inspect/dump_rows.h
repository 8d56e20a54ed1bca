// Writes rows of a checkpoint as JSON Lines.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "common/base/row_schema.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots {

// Appends one row, row_bytes() bytes at `row`, as a JSON object: column name -> number or nested arrays; null if a
// float is not finite. Floats have just enough digits to distinguish them from all others.
void AppendRowJson(const RowSchema& schema, const char* row, std::string& json);

// Writes the newest num_rows rows (-1: all) of a table with undamaged files, one line each, oldest first. Takes memory
// for num_rows rows. Ends early, with OK, if `out` accepts no more: the caller has opened `out` and knows whether this
// is an error.
//   RESOURCE_EXHAUSTED  there is not enough memory
//   DATA_LOSS           the arrays do not fit the header
absl::Status DumpRows(const replay::Folder& folder, const v1::CheckpointTable& table, int64_t num_rows,
                      std::ostream& out);

}  // namespace recbots
