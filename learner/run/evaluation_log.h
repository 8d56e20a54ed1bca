// evaluations.jsonl: the learning curve of a run, one evaluation a line, as they come (docs/formats.md).
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/base/file_writer.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe. A curve is worth less than the run it is of: where the file cannot be written, a warning is logged
// once, nothing is written any more, and the run says in the end that its results are not whole (status).
class EvaluationLog {
 public:
  // Empties `run_dir`/evaluations.jsonl, and keeps it from other processes; an empty `run_dir`: nothing is ever
  // written.
  explicit EvaluationLog(const std::string& run_dir);

  // One more line, which a reader sees at once. `wall_seconds` of the run when the evaluation came.
  void Append(const v1::Evaluation& evaluation, double wall_seconds);

  // OK: all lines so far are there.
  const absl::Status& status() const { return status_; }

 private:
  void Note(const absl::Status& status);

  std::unique_ptr<LineFile> file_;  // Null: nothing is written.
  absl::Status status_;
};

// One line, with its end.
std::string FormatEvaluationLine(const v1::Evaluation& evaluation, double wall_seconds);

}  // namespace recbots
