// evaluations.jsonl: the learning curve of a run, one line for each evaluation in the order of arrival
// (docs/formats.md).
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/file_writer.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe. A run is worth more than its curve: if the file cannot be written, the log gives one warning and
// writes nothing more, and at the end the run reports that its results are incomplete (status).
class EvaluationLog {
 public:
  // Empties `run_dir`/evaluations.jsonl and claims it for this process. With an empty `run_dir` nothing is ever
  // written.
  explicit EvaluationLog(const std::string& run_dir);
  // Goes on behind the first `bytes` bytes of the file, which an earlier process of the run has written.
  EvaluationLog(const std::string& run_dir, int64_t bytes);

  // The bytes of the file that belong to the run so far, also after the file could not be written any more.
  int64_t bytes() const { return bytes_; }

  // Appends a line, which readers see at once. `wall_seconds` is the time from the start of the run to the evaluation.
  void Append(const v1::Evaluation& evaluation, double wall_seconds);

  // OK if all lines so far were written.
  const absl::Status& status() const { return status_; }

 private:
  void Note(const absl::Status& status);
  void Take(absl::StatusOr<std::unique_ptr<LineFile>> file);

  std::unique_ptr<LineFile> file_;  // Null: nothing is written.
  int64_t bytes_ = 0;
  absl::Status status_;
};

// One line, including the line break.
std::string FormatEvaluationLine(const v1::Evaluation& evaluation, double wall_seconds);

}  // namespace recbots
