// Rows of a checkpoint as JSON Lines.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "common/base/row_schema.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots {

// Appends one row, row_bytes() bytes at `row`, as a JSON object: column name -> number or nested arrays; null where a
// float is not finite. Floats have as many digits as tell them from all others.
void AppendRowJson(const RowSchema& schema, const char* row, std::string& json);

// The newest num_rows rows of a table whose files check (-1: all), oldest first, a line each. Takes memory for that
// many rows. Ends early, with OK, when `out` takes no more: the caller, who opened it, knows whether that is an error.
//   RESOURCE_EXHAUSTED  there is no memory
//   DATA_LOSS           the arrays do not fit the header
absl::Status DumpRows(const replay::Folder& folder, const v1::CheckpointTable& table, int64_t num_rows,
                      std::ostream& out);

}  // namespace recbots
