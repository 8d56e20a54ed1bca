// Rows of a log as they are read, before their order is known.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/log/interaction_log.h"
#include "common/log/row_decoder.h"

namespace recbots {

// How rows become sessions.
enum class SessionKind { kInLog, kFromGaps, kRows };

// The columns of `log` that belong to rows, in the order of the file, and what they are ordered by. A value type.
struct LogRows {
  InteractionLog log;
  SessionKind kind = SessionKind::kRows;
  std::string name;  // Of the log, for messages.

  std::vector<int32_t> session;  // [rows]: number of the session, in the order of first use; of the user with gaps
  std::vector<int64_t> step;     // [rows]; empty: there is no such column
  std::vector<uint32_t> line;    // [rows]
  std::vector<int8_t> end;       // [rows]: 0 not said, 1 terminated, 2 truncated; empty: not in the log
  bool has_position = false;
  int64_t clicks = 0;
};

// Appends rows, and checks those values that need no other row.
class LogRowAppender {
 public:
  // All must outlive the appender.
  LogRowAppender(const LogOptions& options, const RowReader& reader, const RowDecoder& decoder, LogRows& rows);

  absl::Status Append(const DecodedRow& row, size_t index);
  // To be called when all rows are there.
  absl::Status Finish();

 private:
  absl::Status CheckComplete(const DecodedRow& row) const;
  absl::Status AppendKeys(const DecodedRow& row);
  void AppendValues(const DecodedRow& row);
  absl::Status AppendFeatures(size_t index);
  void FindFeatures();

  const LogOptions& options_;
  const RowReader& reader_;
  const RowDecoder& decoder_;
  LogRows& rows_;
  StringIds sessions_{/*keep_names=*/false};
  std::string key_;                                       // Scratch: of a session.
  std::vector<size_t> block_columns_, response_columns_;  // Of the reader.
  std::vector<float> block_;                              // Scratch [U + N D].
  bool features_found_ = false;
};

}  // namespace recbots
