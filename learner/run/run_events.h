// What a run tells of itself while it trains, for other programs: event files for TensorBoard in RUN_DIR/tensorboard,
// and a table for everything else in RUN_DIR/metrics.csv (docs/formats.md).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/file_writer.h"
#include "common/inference/weights.h"
#include "learner/run/event_file.h"
#include "learner/run/status_line.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

// Not thread-safe. A run is worth more than its pictures: if a file cannot be written, the log gives one warning, and
// nothing more is written to it.
class RunEvents {
 public:
  // `updates`: those of the run so far. What metrics.csv has beyond them is cut off: the run makes these updates again.
  // `config` is shown by TensorBoard. With an empty `run_dir` nothing is ever written.
  RunEvents(const std::string& run_dir, absl::string_view config, int64_t updates);

  // A row of the table and a point of each curve.
  void OnStatus(const StatusLine& line);
  // Points of the curves of values.
  void OnEvaluation(const v1::Evaluation& evaluation);
  // Whether the networks of this update are worth a picture: there are a tenth more updates than at the one before, so
  // that a run of any length has some hundred of them at most.
  bool WantsPicture(int64_t updates) const { return events_ != nullptr && updates >= next_picture_; }
  // How the numbers of each tensor are distributed, and what the policy recommends; nullptr: it cannot be shown.
  void OnWeights(int64_t updates, absl::Span<const NamedTensor> tensors, const Picture* policy);

 private:
  void AddRow(const StatusLine& line);
  absl::Status OpenTable(const std::string& header);
  void Give(absl::Status status, absl::string_view what);

  const std::string run_dir_;
  const int64_t updates_;
  int64_t next_picture_ = 0;           // Updates.
  std::unique_ptr<EventFile> events_;  // Null: nothing is written.
  std::unique_ptr<LineFile> table_;    // Null: not opened yet, or nothing is written.
  bool table_failed_ = false;
};

// The columns of metrics.csv besides those of losses, which follow them, "loss." before each name.
std::vector<std::string> MetricsColumns();

}  // namespace recbots
