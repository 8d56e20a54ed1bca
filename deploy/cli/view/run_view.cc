#include "deploy/cli/view/run_view.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

std::vector<ReferenceView> ReferencesOf(const Json& list) {
  std::vector<ReferenceView> references;
  if (!list.is_array()) return references;
  for (const Json& one : list) {
    const std::optional<double> value = NumberIn(one, "value");
    if (value.has_value()) {
      references.push_back({TextIn(one, "name"), *value, NumberIn(one, "value_ci95").value_or(0)});
    }
  }
  return references;
}

// Members that are numbers above 0: limits of a goal that are set.
std::optional<double> Limit(const Json& goal, absl::string_view name) {
  const std::optional<double> limit = NumberIn(goal, name);
  return limit.has_value() && *limit > 0 ? limit : std::nullopt;
}

std::optional<double> IfSet(double limit) { return limit > 0 ? std::optional<double>(limit) : std::nullopt; }

void FillRoles(const Json& roles, RunView& view) {
  const Json& list = MemberOf(roles, "roles");
  if (!list.is_array()) return;
  for (const Json& one : list) {
    RoleView role;
    role.role = TextIn(one, "role");
    role.name = TextIn(one, "name");
    role.state = TextIn(one, "state");
    role.doing = TextIn(one, "doing");
    role.silent_seconds = NumberIn(one, "silent_seconds").value_or(0);
    role.progress = NumberIn(one, "progress");
    role.progress_per_second = NumberIn(one, "progress_per_second");
    role.progress_unit = TextIn(one, "progress_unit");
    role.stalled = TextIn(one, "stalled");
    role.pages = TextIn(one, "pages");
    role.lag_updates = NumberIn(MemberOf(one, "weights"), "lag_updates");
    view.roles.push_back(std::move(role));
  }
}

void FillCurve(const Json& series, RunView& view) {
  const Json& value = MemberOf(MemberOf(series, "series"), "value");
  const Json &x = MemberOf(value, "x"), &mean = MemberOf(value, "mean");
  if (!x.is_array() || !mean.is_array()) return;
  for (size_t i = 0; i < std::min(x.size(), mean.size()); ++i) {
    if (!x[i].is_number() || !mean[i].is_number()) continue;
    view.curve_steps.push_back(x[i].get<double>());
    view.curve_values.push_back(mean[i].get<double>());
  }
}

void FillGoal(const Json& goal, RunView& view) {
  view.goal_updates = Limit(goal, "max_updates");
  view.goal_env_steps = Limit(goal, "max_env_steps");
  view.goal_seconds = Limit(goal, "max_seconds");
  view.goal_of_gap = Limit(goal, "share_of_gap").has_value();
  view.goal_share = Limit(goal, view.goal_of_gap ? "share_of_gap" : "share_of_optimum");
}

// The value, and its shares, of what JSON has of an evaluation.
void FillValue(const Json& json, RunView& view) {
  const std::optional<double> value = NumberIn(json, "value");
  if (!value.has_value()) return;
  view.value = value;
  view.value_ci95 = NumberIn(json, "value_ci95");
  view.share_of_gap = NumberIn(json, "share_of_gap");
  view.share_of_optimum = NumberIn(json, "share_of_optimum");
}

void FillReferences(const Json& report, RunView& view) {
  view.references = ReferencesOf(MemberOf(report, "references"));
  const std::optional<double> optimum = NumberIn(report, "optimum");
  if (!optimum.has_value()) return;
  view.references.push_back({"optimum", *optimum, NumberIn(report, "optimum_ci95").value_or(0)});
}

// metrics.csv puts the quantile first; the series of the pages put the unit first.
void FillMetrics(const RunFolder& run, RunView& view) {
  for (const auto& [name, number] : run.metrics) {
    const std::string of_pages = name == "lag_p50_updates"   ? "lag_updates_p50"
                                 : name == "lag_p99_updates" ? "lag_updates_p99"
                                                             : name;
    if (std::isfinite(number)) view.values[of_pages] = number;
  }
}

void FillSettings(const v1::ExperimentConfig& config, RunView& view) {
  const v1::GoalConfig& goal = config.goal();
  view.goal_updates = IfSet(static_cast<double>(goal.max_updates()));
  view.goal_env_steps = IfSet(static_cast<double>(goal.max_env_steps()));
  view.goal_seconds = IfSet(goal.max_seconds());
  view.goal_of_gap = goal.share_of_gap() > 0;
  view.goal_share = IfSet(view.goal_of_gap ? goal.share_of_gap() : goal.share_of_optimum());
  view.status_seconds = config.learner().status_seconds();
}

// The newest of the evaluations: those of this period, or else the end of the curve.
void FillNewest(const Json& status, const Json& series, RunView& view) {
  const Json& all = MemberOf(series, "series");
  for (const auto& [name, field] : {std::pair{"value", &view.value},
                                    {"value_ci95", &view.value_ci95},
                                    {"share_of_gap", &view.share_of_gap},
                                    {"share_of_optimum", &view.share_of_optimum}}) {
    const Json& mean = MemberOf(MemberOf(all, name), "mean");
    if (mean.is_array() && !mean.empty() && mean.back().is_number()) *field = mean.back().get<double>();
  }
  const Json& newest = MemberOf(status, "new_evaluations");
  if (newest.is_array() && !newest.empty()) FillValue(newest.back(), view);
}

Json OrNull(const std::optional<double>& number) { return number.has_value() ? Json(*number) : Json(); }

Json RolesJson(const std::vector<RoleView>& roles) {
  Json list = Json::array();
  for (const RoleView& role : roles) {
    Json one;
    one["role"] = role.role;
    one["name"] = role.name;
    one["state"] = role.state;
    one["doing"] = role.doing;
    one["progress"] = OrNull(role.progress);
    one["progress_unit"] = role.progress_unit;
    one["progress_per_second"] = OrNull(role.progress_per_second);
    one["lag_updates"] = OrNull(role.lag_updates);
    one["stalled"] = role.stalled.empty() ? Json() : Json(role.stalled);
    one["pages"] = role.pages;
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

std::optional<double> ShareDone(const RunView& view) {
  std::optional<double> done;
  const auto include = [&done](const std::optional<double>& is, const std::optional<double>& goal) {
    if (!is.has_value() || !goal.has_value()) return;
    done = std::clamp(std::max(done.value_or(0), *is / *goal), 0.0, 1.0);
  };
  include(view.updates, view.goal_updates);
  include(view.env_steps, view.goal_env_steps);
  include(view.wall_seconds, view.goal_seconds);
  if (!done.has_value()) include(view.goal_of_gap ? view.share_of_gap : view.share_of_optimum, view.goal_share);
  return done;
}

RunView ViewOfFolder(const RunFolder& run) {
  RunView view;
  view.stage = run.stage == RunStage::kRuns    ? RunView::Stage::kRuns
               : run.stage == RunStage::kEnded ? RunView::Stage::kEnded
                                               : RunView::Stage::kBroken;
  view.where = run.path;
  view.ending = run.Ending();
  const Json& reached = MemberOf(run.report, "goal_reached");
  view.goal_reached = reached.is_boolean() && reached.get<bool>();
  view.experiment = run.experiment();
  view.algorithm = run.algorithm();
  view.environment = run.environment();
  view.device = TextIn(run.report, "device");
  view.version = TextIn(run.report, "version");
  view.seed = static_cast<double>(run.seed());
  view.updates = run.updates();
  view.env_steps = run.env_steps();
  view.wall_seconds = run.wall_seconds();
  view.evaluations = NumberIn(run.report, "evaluations").value_or(static_cast<double>(run.curve.size()));
  view.best_value = run.best_value();
  if (!run.curve.empty()) {
    const CurveValue& last = run.curve.back();
    view.value = last.value;
    view.value_ci95 = last.value_ci95;
    view.share_of_gap = last.share_of_gap;
    view.share_of_optimum = last.share_of_optimum;
  }
  FillValue(run.report, view);
  FillReferences(run.report, view);
  FillMetrics(run, view);
  if (run.config.has_value()) FillSettings(*run.config, view);
  for (const CurveValue& point : run.curve) {
    view.curve_steps.push_back(point.env_steps);
    view.curve_values.push_back(point.value);
  }
  view.troubles = run.troubles;
  return view;
}

RunView ViewOfPages(const std::string& url, const Json& status, const Json& roles, const Json& series) {
  RunView view;
  view.where = url;
  const Json& goal = MemberOf(status, "goal");
  const std::string reached = TextIn(goal, "reached");
  view.ending = reached.empty() ? TextIn(status, "doing") : reached;
  view.goal_reached = !reached.empty();
  view.experiment = TextIn(status, "experiment");
  view.algorithm = TextIn(status, "algorithm");
  view.version = TextIn(status, "version");
  view.device = TextIn(status, "device");
  view.updates = NumberIn(status, "updates");
  view.env_steps = NumberIn(status, "env_steps");
  view.wall_seconds = NumberIn(status, "wall_seconds");
  view.evaluations = NumberIn(status, "evaluations");
  view.references = ReferencesOf(MemberOf(status, "references"));
  view.bound_by = TextIn(status, "bound_by");
  view.what_to_do = TextIn(status, "what_to_do");
  view.stalled = TextIn(status, "stalled");
  view.blocked_on = TextIn(status, "blocked_on");
  view.samples_per_insert_target = NumberIn(status, "samples_per_insert_target").value_or(0);
  view.capacity_rows = NumberIn(status, "capacity_rows").value_or(0);
  view.status_seconds = NumberIn(status, "status_seconds").value_or(1);
  FillGoal(goal, view);
  const Json& values = MemberOf(status, "values");
  for (const auto& [name, value] : values.items()) {
    if (value.is_number()) view.values[name] = value.get<double>();
  }
  FillRoles(roles, view);
  FillCurve(series, view);
  FillNewest(status, series, view);
  for (const double value : view.curve_values) view.best_value = std::max(view.best_value.value_or(value), value);
  return view;
}

Json ViewJson(const RunView& view) {
  Json json;
  json["stage"] = view.stage == RunView::Stage::kRuns    ? "runs"
                  : view.stage == RunView::Stage::kEnded ? "ended"
                                                         : "broken";
  json["where"] = view.where;
  json["ending"] = view.ending;
  json["goal_reached"] = view.goal_reached;
  json["experiment"] = view.experiment;
  json["algorithm"] = view.algorithm;
  json["environment"] = view.environment;
  json["version"] = view.version;
  json["device"] = view.device;
  json["seed"] = view.seed.has_value() ? Json(static_cast<uint64_t>(*view.seed)) : Json();
  json["updates"] = OrNull(view.updates);
  json["env_steps"] = OrNull(view.env_steps);
  json["wall_seconds"] = OrNull(view.wall_seconds);
  json["evaluations"] = OrNull(view.evaluations);
  json["value"] = OrNull(view.value);
  json["value_ci95"] = OrNull(view.value_ci95);
  json["best_value"] = OrNull(view.best_value);
  json["share_of_gap"] = OrNull(view.share_of_gap);
  json["share_of_optimum"] = OrNull(view.share_of_optimum);
  json["share_done"] = OrNull(ShareDone(view));
  json["references"] = Json::array();
  for (const ReferenceView& one : view.references) {
    json["references"].push_back({{"name", one.name}, {"value", one.value}, {"value_ci95", one.value_ci95}});
  }
  json["bound_by"] = view.bound_by;
  json["what_to_do"] = view.what_to_do;
  json["stalled"] = view.stalled.empty() ? Json() : Json(view.stalled);
  json["blocked_on"] = view.blocked_on.empty() ? Json() : Json(view.blocked_on);
  json["capacity_rows"] = view.capacity_rows;
  json["samples_per_insert_target"] = view.samples_per_insert_target;
  json["values"] = Json::object();
  for (const auto& [name, value] : view.values) json["values"][name] = value;
  json["roles"] = RolesJson(view.roles);
  json["troubles"] = view.troubles;
  return json;
}

}  // namespace recbots
