// A run at one moment, as `recbots status` and `recbots top` show it: from the pages of its learner, or from its
// directory.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/view/run_folder.h"

namespace recbots {

struct RoleView {
  std::string role, name, state, doing;
  double silent_seconds = 0;
  std::optional<double> progress, progress_per_second, lag_updates;
  std::string progress_unit, stalled, pages;
};

struct ReferenceView {
  std::string name;
  double value = 0;
  double value_ci95 = 0;  // 0: exact
};

struct RunView {
  enum class Stage { kRuns, kEnded, kBroken };
  Stage stage = Stage::kRuns;
  std::string where;   // The directory or the URL that was asked.
  std::string ending;  // In words: how it ended, or what the learner does.
  bool goal_reached = false;
  std::string experiment, algorithm, environment, version, device;
  std::optional<double> seed;
  std::optional<double> updates, env_steps, wall_seconds, evaluations;
  std::optional<double> value, value_ci95, best_value, share_of_gap, share_of_optimum;
  std::vector<ReferenceView> references;  // From random to the best known, and "optimum" where it is known.
  std::map<std::string, double>
      values;  // Newest values of series by name (docs/formats.md); only those that are finite.
  std::string bound_by, what_to_do, stalled, blocked_on;
  double samples_per_insert_target = 0;  // 0: none
  double capacity_rows = 0;              // 0: not known
  double status_seconds = 1;
  std::optional<double> goal_updates, goal_env_steps, goal_seconds, goal_share;  // Those that are set.
  bool goal_of_gap = false;  // goal_share is of the gap, not of the optimum.
  std::vector<RoleView> roles;
  std::vector<double> curve_steps, curve_values;  // The learning curve over environment steps.
  std::vector<std::string> troubles;              // What could not be read, and why.
};

// The share of the goal that is done, by the limits that are set (updates, steps, time), or by the share of the value
// where only that is a goal; absent: there is none.
std::optional<double> ShareDone(const RunView& view);

// A run as its directory shows it.
RunView ViewOfFolder(const RunFolder& run);
// A run as its learner shows it: the answers of /api/v1/status, /api/v1/roles, and of /api/v1/series for "value" over
// env_steps. The last two may be null.
RunView ViewOfPages(const std::string& url, const Json& status, const Json& roles, const Json& series);

// All of it as JSON, for scripts; docs/terminal.md lists the fields.
Json ViewJson(const RunView& view);

}  // namespace recbots
