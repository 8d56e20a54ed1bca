// What the learner shows to a browser: one page, and the same numbers as JSON under /api/v1 (docs/formats.md).
//
// The training loop hands over what it knows once per status period, and the service that receives evaluations each of
// them; everything else happens in the threads of the HTTP server. Nothing here knows the algorithm or the scenario.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/metrics/http_server.h"
#include "learner/dashboard/control_page.h"
#include "learner/dashboard/series_recorder.h"
#include "learner/dashboard/status_parts.h"
#include "learner/run/run_history.h"
#include "learner/run/run_state.h"
#include "learner/run/status_line.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

inline constexpr char kApiStatusPath[] = "/api/v1/status";
inline constexpr char kApiRolesPath[] = "/api/v1/roles";
inline constexpr char kApiSeriesPath[] = "/api/v1/series";
inline constexpr char kApiPolicyPath[] = "/api/v1/policy";
inline constexpr char kApiControlPath[] = "/api/v1/control";
inline constexpr char kApiEventsPath[] = "/api/v1/events";

// What does not change during a run.
struct DashboardOptions {
  std::string experiment;     // The name of the configuration.
  std::string algorithm;      // "wolpertinger"
  std::string version;        // Of the program.
  uint64_t incarnation = 0;   // Another one for every learner process.
  double status_seconds = 1;  // Between two status lines.
  int64_t capacity_rows = 0;  // Of replay, all shards together.
  v1::GoalConfig goal = {};
};

// Where the dashboard asks for what it is not told. All of it must be thread-safe and quick.
struct DashboardSources {
  std::function<std::string()> doing;                          // What the learner does now.
  std::function<std::vector<ShardTables>()> tables = nullptr;  // What replay says of its tables; nullptr: nothing.
  RunControlsTarget controls = {};                             // Without controls, nobody can ask for anything.
};

// Thread-safe.
class Dashboard {
 public:
  // `run` must outlive the dashboard.
  Dashboard(DashboardOptions options, const RunState& run, DashboardSources sources);

  // What earlier processes of the run have written of it; call it before anything else.
  void AddHistory(const RunHistory& history);
  // A status period has ended.
  void OnStatus(const StatusLine& line) ABSL_LOCKS_EXCLUDED(mu_);
  // An evaluation has arrived `wall_seconds` after the start of the run.
  void OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds) ABSL_LOCKS_EXCLUDED(mu_);

  // A view of what the policy recommends was made: `with_fixed` and `without` are PolicyJson of it.
  void OnPolicy(std::string with_fixed, std::string without) ABSL_LOCKS_EXCLUDED(mu_);

  // The newest status, one line of JSON: the page at kApiStatusPath, and the data of each event "status".
  std::string StatusJson() const ABSL_LOCKS_EXCLUDED(mu_);
  // The page at kApiSeriesPath. 400 and an "error" in words where a parameter is wrong.
  WebPage::Answer Series(const WebPage::Parameters& parameters) const;

  // The page at kApiPolicyPath: the newest view, without what never changes if the parameter `fixed` is 0.
  WebPage::Answer Policy(const WebPage::Parameters& parameters) const ABSL_LOCKS_EXCLUDED(mu_);

  // The page and its files, and all of /api/v1. `roles` makes the page at kApiRolesPath.
  MorePages Pages(std::function<std::string()> roles) const;

 private:
  struct TimedEvaluation {
    v1::Evaluation evaluation;
    double wall_seconds = 0;
  };

  const DashboardOptions options_;
  const RunState& run_;
  const DashboardSources sources_;
  SeriesRecorder statuses_;     // A row for each status period,
  SeriesRecorder evaluations_;  // and for each evaluation.

  mutable Mutex mu_;
  int64_t sequence_ ABSL_GUARDED_BY(mu_) = 0;  // Status periods so far.
  StatusLine line_ ABSL_GUARDED_BY(mu_);
  int64_t policy_views_ ABSL_GUARDED_BY(mu_) = 0;
  std::string policy_with_fixed_ ABSL_GUARDED_BY(mu_), policy_ ABSL_GUARDED_BY(mu_);
  std::deque<TimedEvaluation> new_evaluations_ ABSL_GUARDED_BY(mu_);     // Since the newest status period ended,
  std::vector<TimedEvaluation> shown_evaluations_ ABSL_GUARDED_BY(mu_);  // and in it.
};

}  // namespace recbots
