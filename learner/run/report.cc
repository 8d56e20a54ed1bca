#include "learner/run/report.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "learner/run/status_line.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

void AddMark(Json& json, const std::string& suffix, const std::optional<RunCounters>& mark) {
  json["env_steps_to_" + suffix] = mark.has_value() ? Json(mark->env_steps) : Json();
  json["updates_to_" + suffix] = mark.has_value() ? Json(mark->updates) : Json();
  json["wall_seconds_to_" + suffix] = mark.has_value() ? Json(mark->wall_seconds) : Json();
}

}  // namespace

std::string FormatReport(const Report& report, const GoalTracker& goal) {
  Json json;
  json["experiment"] = report.experiment;
  json["seed"] = report.seed;
  json["goal_reached"] = goal.Reached(report.ending);
  json["ended_by"] = Describe(report.ending);
  const bool known = goal.newest().has_value();
  const v1::Evaluation newest = goal.newest().value_or(v1::Evaluation());
  const bool optimum_known = known && newest.has_optimum();
  json["share_of_optimum"] = optimum_known ? Json(ShareOfOptimum(newest)) : Json();
  json["value"] = known ? Json(newest.value()) : Json();
  json["value_ci95"] = known ? Json(newest.value_ci95()) : Json();
  json["optimum"] = optimum_known ? Json(newest.optimum()) : Json();
  json["optimum_ci95"] = optimum_known ? Json(newest.optimum_ci95()) : Json();
  json["random_value"] = known ? Json(newest.random_value()) : Json();
  json["random_value_ci95"] = known ? Json(newest.random_value_ci95()) : Json();
  json["env_steps"] = report.end.env_steps;
  json["updates"] = report.end.updates;
  json["wall_seconds"] = report.end.wall_seconds;
  AddMark(json, "99", goal.at_99());
  AddMark(json, "999", goal.at_999());
  json["samples_per_insert"] = report.samples_per_insert;
  json["evaluations"] = goal.evaluations();
  return json.dump(2) + "\n";
}

absl::Status WriteReport(const std::string& run_dir, const Report& report, const GoalTracker& goal) {
  const std::string path = run_dir + "/report.json";
  const std::string unfinished = path + ".tmp";
  std::ofstream file(unfinished, std::ios::trunc);
  file << FormatReport(report, goal);
  file.close();
  if (!file || std::rename(unfinished.c_str(), path.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write '", path, "'"));
  }
  return absl::OkStatus();
}

std::string FormatVerdict(const Report& report, const GoalTracker& goal) {
  std::string result = "not evaluated";
  if (goal.newest().has_value()) {
    const v1::Evaluation& newest = *goal.newest();
    const std::string value = absl::StrFormat("value %.3f, random %.3f", newest.value(), newest.random_value());
    result = newest.has_optimum() ? absl::StrFormat("%.2f %% of the optimum (%s, optimum %.3f)",
                                                    100 * ShareOfOptimum(newest), value, newest.optimum())
                                  : value;
  }
  return absl::StrFormat("%s: %s after %s updates, %s env steps, %.1f s", Describe(report.ending), result,
                         FormatCount(static_cast<double>(report.end.updates)),
                         FormatCount(static_cast<double>(report.end.env_steps)), report.end.wall_seconds);
}

}  // namespace recbots
