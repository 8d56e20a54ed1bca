// report.json: how a run ended. Scripts rely on its fields (docs/formats.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "learner/run/goal_tracker.h"

namespace recbots {

struct Report {
  std::string experiment;
  uint64_t seed = 0;
  Ending ending = Ending::kNotYet;
  RunCounters end;
  double samples_per_insert = 0;
  std::vector<std::pair<std::string, double>> losses = {};  // Of the newest update, by name.
  uint64_t identity = 0;                                    // Fingerprint of the experiment identity.
  std::string error = {};                                   // The error that ended the run early, or empty.
  bool weights_saved = false;                               // Whether weights.bin is from this run.
  std::string device = "cpu";                               // Where it was learnt,
  std::string compute_mode = {};                            // how (Algorithm::compute_mode),
  int num_learners = 1;                                     // and by how many.
};

// The report as JSON text.
std::string FormatReport(const Report& report, const GoalTracker& goal);

// Writes `run_dir`/report.json as a whole: a reader sees the old file or the new one. Errors are those of WriteFile
// (common/base/file.h).
absl::Status WriteReport(const std::string& run_dir, const Report& report, const GoalTracker& goal);

// A report that was read back. Fields missing in the file keep these defaults.
struct SavedReport {
  bool goal_reached = false;
  std::string result = "not evaluated";  // FullResult (result_text.h).
  RunCounters end;
  std::optional<RunCounters> at_999 = {};                   // When the run reached 99.9 % of the optimum.
  std::vector<std::pair<std::string, double>> losses = {};  // By name.
  std::string identity = {};                                // In the form of FingerprintText.
  std::string ended_by = {};                                // Describe(Ending), or "error: " and the error.
};
// INVALID_ARGUMENT: the file is no report of a run. Other errors are those of ReadFile (common/base/file.h).
absl::StatusOr<SavedReport> ReadReport(const std::string& run_dir);

// "goal reached: RESULT after N updates, N env steps, N s", or "goal NOT reached: ...".
std::string FormatEnd(const SavedReport& report);
std::string FormatEnd(const Report& report, const GoalTracker& goal);

// The last line of a run: how it ended, FullResult (result_text.h), and the three clocks.
std::string FormatVerdict(const Report& report, const GoalTracker& goal);

}  // namespace recbots
