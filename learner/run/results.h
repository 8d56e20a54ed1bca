// What a run leaves behind in its run directory: weights.bin and report.json, each whole or absent, and whether all of
// it could be saved.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "learner/run/goal_tracker.h"
#include "learner/run/report.h"

namespace recbots {

struct RunResults {
  Report report;
  GoalTracker goal;
  absl::StatusOr<std::string> weights;  // Encoded; or why they are not worth keeping.
  absl::Status curve;                   // Whether evaluations.jsonl is whole (EvaluationLog::status).
};

// What an error of SaveResults has in it, and no other line that a learner prints.
inline constexpr char kNotSaved[] = ", but the results could not be saved: ";

// Writes the weights, then the report, which says whether they were written: where there is a report, the run is over.
// An empty `run_dir` writes nothing. Weights that are not finite are not written. An error means that something is
// missing: "goal reached: RESULT ..., but the results could not be saved: cannot write 'RUN_DIR/weights.bin': ...". It
// is the last line that the user should see, and the exit code is not 0.
absl::Status SaveResults(const std::string& run_dir, const RunResults& results);

// The two errors of a run in one: what ended it, and what could not be saved. OK where both are.
absl::Status JoinErrors(const absl::Status& ended, const absl::Status& saved);

}  // namespace recbots
