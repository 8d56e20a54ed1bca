// Reads a log of what was shown: CSV, TSV or JSON Lines, plain, gzip or Zstandard (docs/evaluate.md).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/log/byte_stream.h"
#include "common/log/interaction_log.h"
#include "common/log/log_options.h"

namespace recbots {

// Reads the whole log. Everything is checked: numbers and their bounds, propensities above 0 and at most 1, that the
// rows of a slate agree, that positions are whole and no row is there twice. Rows may be in any order. Memory: about
// 100 bytes a row with all propensities, and what StringIds says for each session and item.
//   INVALID_ARGUMENT     the log is not as it should be; names line, column, value and what was wanted
//   FAILED_PRECONDITION  every row of the log is clicked: what was not clicked is missing
//   others               the file cannot be read
absl::StatusOr<InteractionLog> ReadLog(const std::string& path, const LogOptions& options);
absl::StatusOr<InteractionLog> ReadLog(const std::string& name, std::unique_ptr<ByteStream> stream,
                                       const LogOptions& options);

}  // namespace recbots
