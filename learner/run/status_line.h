// The line that the learner prints every few seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "learner/run/goal_tracker.h"

namespace recbots {

// Of the lags of the newest learnt rows: counts[i] are at most bounds[i], and above the bound before; the last count,
// one more than there are bounds, is of those above all of them.
struct LagHistogram {
  std::vector<double> bounds = {};
  std::vector<int64_t> counts = {};
};

// What the line shows. Rates are those of the status period that has just ended.
struct StatusLine {
  RunCounters counters;
  double updates_per_second = 0;
  int num_learners = 1;
  std::string device = "cpu";
  double rows_per_second = 0;  // Learnt from by all learners together.
  double env_steps_per_second = 0;
  int num_actors = 0;
  double lag_p50_updates = 0;
  double lag_p99_updates = 0;
  double samples_per_insert = 0;
  double samples_per_insert_target = 0;       // 0: none
  std::optional<double> importance_exponent;  // If replay is prioritized.
  std::optional<v1::Evaluation> evaluation;
  std::string bound_by;      // "learner", "actors", "replay", ...
  std::string stalled = {};  // The roles that make no progress; empty: none.

  // What follows is not in the line, but on the learner's dashboard.
  int num_evaluators = 0;
  double lag_p50_seconds = 0;
  double lag_p99_seconds = 0;
  // As Algorithm::losses(): losses by name, norms of gradients, learning rates.
  std::vector<std::pair<std::string, double>> losses = {};
  int64_t replay_rows = 0;  // In replay, at the newest draw.
  double waited_ratio = 0;  // The share of the period in which the learner waited for batches.
  // Why replay held batches back for longest in this period ("min_size", "spi_sample", ...); empty: it held none back.
  std::string blocked_on = {};
  bool paused = false;  // By hand.
  LagHistogram lag_updates = {}, lag_seconds = {};
};

// [00:00:35] upd 41.2k (5.8k/s, cpu) | env 3.1M (212k/s, 4 actors) | lag p50/p99 3/11 upd | spi 7.9/8 |
// value 8.91 = 99.8 % of optimum (random 0.98) | bound by: learner          (one line)
// Several learners add " | 2 learners, 1.5M rows/s" after upd. With prioritized replay, " | beta 0.72" follows after
// spi. If a role has stalled, " | stalled: actor HOST/7 (no step for 42 s: ...)" follows at the end. ShortResult
// (result_text.h) formats the value.
std::string FormatStatusLine(const StatusLine& line);

}  // namespace recbots
