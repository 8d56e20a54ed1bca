// evaluations.jsonl: the learning curve of a run, one evaluation a line, as they come (docs/formats.md).
#pragma once

#include <fstream>
#include <string>

#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe. A curve is worth less than the run it is of: where the file cannot be written, a warning is logged
// once, and nothing is written any more.
class EvaluationLog {
 public:
  // Begins `run_dir`/evaluations.jsonl anew; an empty `run_dir`: nothing is ever written.
  explicit EvaluationLog(const std::string& run_dir);

  // One more line, which a reader sees at once. `wall_seconds` of the run when the evaluation came.
  void Append(const v1::Evaluation& evaluation, double wall_seconds);

 private:
  void Check();

  const std::string path_;
  std::ofstream file_;
  bool working_ = false;
};

// One line, with its end.
std::string FormatEvaluationLine(const v1::Evaluation& evaluation, double wall_seconds);

}  // namespace recbots
