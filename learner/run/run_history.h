// What an earlier process of a run has written of its numbers, for those who show the run as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "learner/run/goal_tracker.h"

namespace recbots {

// Values by name, at the clocks of the run.
struct HistoryRow {
  RunCounters clocks;
  std::vector<std::pair<std::string, double>> values;
};

struct RunHistory {
  // Of evaluations.jsonl: value, value_ci95, share_of_gap and share_of_optimum where they are known.
  std::vector<HistoryRow> evaluations;
  // Of metrics.csv: the columns by their names there, those of values left out.
  std::vector<HistoryRow> statuses;
};

// Of the run in `run_dir`, up to `updates`: the first `curve_bytes` bytes of evaluations.jsonl, and of metrics.csv at
// most the newest 64 MiB. Files that are missing or damaged give what can be read of them: a history is for looking at.
// Rows whose clocks run backwards are left out.
RunHistory ReadRunHistory(const std::string& run_dir, int64_t curve_bytes, int64_t updates);

}  // namespace recbots
