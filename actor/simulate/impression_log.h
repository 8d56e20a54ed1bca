// The impression log of a simulation: a file, its format and its compression.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "actor/simulate/log_format.h"
#include "common/base/file_writer.h"

namespace recbots {

// format() and gzip() are constant, and all threads may use them to format and compress their own blocks. Append and
// Finish may be called by one thread at a time.
class ImpressionLog {
 public:
  // `path` ends in .jsonl, .csv, .jsonl.gz or .csv.gz. The file is called PATH.partial until Finish.
  //   INVALID_ARGUMENT  the path ends in another way, or the file cannot be made
  static absl::StatusOr<std::unique_ptr<ImpressionLog>> Create(const std::string& path, const EnvironmentSpec& spec,
                                                               bool with_candidates);

  const LogFormat& format() const { return format_; }
  bool gzip() const { return gzip_; }
  const std::string& path() const { return file_->path(); }
  const std::string& partial_path() const { return file_->partial_path(); }
  int64_t rows() const { return rows_; }

  // Writes a block of this many rows, as text or, if gzip(), as a gzip member. Errors as FileWriter::Write.
  absl::Status Append(absl::string_view block, int64_t rows);
  // The log is complete: gives the file its name. Errors as FileWriter::Finish.
  absl::Status Finish();

 private:
  ImpressionLog(LogFormat format, bool gzip, std::unique_ptr<FileWriter> file);
  absl::Status WriteHeader();

  const LogFormat format_;
  const bool gzip_;
  const std::unique_ptr<FileWriter> file_;
  int64_t rows_ = 0;
  bool header_written_ = false;
};

}  // namespace recbots
