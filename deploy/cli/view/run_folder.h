// Reads a run directory: whatever is there, whole or half written, of a run that goes on, has ended, or was killed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/cli/view/json_value.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

enum class RunStage {
  kRuns,   // A process holds the directory.
  kEnded,  // It has left a report.
  kBroken  // Neither: it was killed, or its machine stopped.
};

// A line of evaluations.jsonl.
struct CurveValue {
  double env_steps = 0, updates = 0, wall_seconds = 0, value = 0;
  std::optional<double> value_ci95, share_of_gap, share_of_optimum;
};

struct RunFolder {
  std::string path;
  RunStage stage = RunStage::kBroken;
  std::string holder;  // Which process has the directory; empty: none.
  std::optional<v1::ExperimentConfig> config;
  Json report;                            // report.json; null: there is none.
  std::vector<CurveValue> curve;          // In the order of arrival.
  std::map<std::string, double> metrics;  // The newest line of metrics.csv, by column.
  bool has_checkpoint = false;            // The run can go on.
  int64_t bytes = 0;                      // Of all files in the directory.
  std::vector<std::string> troubles;      // Files that are there but cannot be read, each with the reason.

  // Of the configuration, or else of the report, or else empty or 0.
  std::string experiment() const;
  std::string algorithm() const;    // "wolpertinger"
  std::string environment() const;  // "document_browsing"
  uint64_t seed() const;
  // In words, in one line: "share of optimum reached", "runs: recbots cluster (process 12 on HOST)", "killed: it has
  // left no report".
  std::string Ending() const;
  // The newest, and the best value of the curve.
  std::optional<double> last_value() const;
  std::optional<double> best_value() const;
  std::optional<double> share_of_gap() const;  // Of the newest evaluation.
  double updates() const;
  double env_steps() const;
  double wall_seconds() const;
};

// Whether `path` looks like a run directory: it has at least one of the files that a run leaves.
bool IsRunFolder(const std::string& path);

//   NOT_FOUND  there is no such folder, or it is none of a run
absl::StatusOr<RunFolder> ReadRunFolder(const std::string& path);

// The paths of all run directories at `root` or below it, at most `depth` folders down, sorted. What a run keeps in its
// directory, earlier runs (previous/) included, is not listed. Folders that cannot be read are left out.
//   NOT_FOUND  there is no folder `root`
absl::StatusOr<std::vector<std::string>> FindRuns(const std::string& root, int depth = 4);

// "wolpertinger" of the part `choice` ("algorithm") of a configuration that is chosen; empty: none.
std::string ChosenIn(const google::protobuf::Message& config);

}  // namespace recbots
