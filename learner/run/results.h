// Saves the results of a run in its run directory: weights.bin and report.json, each complete or absent; tells whether
// all of them could be saved.
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
  absl::StatusOr<std::string> weights;  // Encoded, or the reason why there are none to save.
  absl::Status curve;                   // Whether evaluations.jsonl is complete (EvaluationLog::status).
};

// Text in every error of SaveResults, and in no other line that a learner prints.
inline constexpr char kNotSaved[] = ", but the results could not be saved: ";

// Writes the weights, then the report, which says whether the weights were written. If there is a report, the run is
// over. With an empty `run_dir` nothing is written. Weights that are not finite are not written. An error means that
// some result is missing: "goal reached: RESULT ..., but the results could not be saved: cannot write
// 'RUN_DIR/weights.bin': ...". The error should be the last line that the user sees, and the exit code should not be 0.
absl::Status SaveResults(const std::string& run_dir, const RunResults& results);

// Joins the two errors of a run: the one that ended it, and the one of saving its results. OK if both are.
absl::Status JoinErrors(const absl::Status& ended, const absl::Status& saved);

}  // namespace recbots
