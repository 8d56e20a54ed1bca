#include "learner/run/report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file.h"
#include "common/base/format_count.h"
#include "learner/run/result_text.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

void AddMark(Json& json, const std::string& suffix, const std::optional<RunCounters>& mark) {
  json["env_steps_to_" + suffix] = mark.has_value() ? Json(mark->env_steps) : Json();
  json["updates_to_" + suffix] = mark.has_value() ? Json(mark->updates) : Json();
  json["wall_seconds_to_" + suffix] = mark.has_value() ? Json(mark->wall_seconds) : Json();
}

Json References(const v1::Evaluation& evaluation) {
  Json references = Json::array();
  for (const v1::ReferenceValue& reference : evaluation.references()) {
    references.push_back(
        {{"name", reference.name()}, {"value", reference.value()}, {"value_ci95", reference.value_ci95()}});
  }
  return references;
}

}  // namespace

std::string FormatReport(const Report& report, const GoalTracker& goal) {
  Json json;
  json["experiment"] = report.experiment;
  json["seed"] = report.seed;
  json["identity"] = absl::StrCat(absl::Hex(report.identity, absl::kZeroPad16));
  json["goal_reached"] = goal.Reached(report.ending);
  json["ended_by"] = report.error.empty() ? Describe(report.ending) : absl::StrCat("error: ", report.error);
  const bool known = goal.newest().has_value();
  const v1::Evaluation newest = goal.newest().value_or(v1::Evaluation());
  const bool optimum_known = known && newest.has_optimum();
  const std::optional<double> share = known ? ShareOfOptimum(newest) : std::nullopt;
  json["share_of_optimum"] = share.has_value() ? Json(*share) : Json();
  json["value"] = known ? Json(newest.value()) : Json();
  json["value_ci95"] = known ? Json(newest.value_ci95()) : Json();
  json["optimum"] = optimum_known ? Json(newest.optimum()) : Json();
  json["optimum_ci95"] = optimum_known ? Json(newest.optimum_ci95()) : Json();
  json["random_value"] = known ? Json(newest.random_value()) : Json();
  json["random_value_ci95"] = known ? Json(newest.random_value_ci95()) : Json();
  const std::optional<double> gap = ShareOfGap(newest);
  json["share_of_gap"] = gap.has_value() ? Json(*gap) : Json();
  json["references"] = References(newest);
  json["result"] = known ? Json(FullResult(newest)) : Json();
  json["env_steps"] = report.end.env_steps;
  json["updates"] = report.end.updates;
  json["wall_seconds"] = report.end.wall_seconds;
  AddMark(json, "99", goal.at_99());
  AddMark(json, "999", goal.at_999());
  json["samples_per_insert"] = report.samples_per_insert;
  json["evaluations"] = goal.evaluations();
  json["losses"] = Json::object();
  for (const auto& [name, loss] : report.losses) json["losses"][name] = loss;
  json["weights_saved"] = report.weights_saved;
  // Names from other processes need not be UTF-8; a report has to be written all the same.
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

absl::Status WriteReport(const std::string& run_dir, const Report& report, const GoalTracker& goal) {
  return WriteFile(run_dir + "/report.json", FormatReport(report, goal));
}

std::string FormatEnd(const Report& report, const GoalTracker& goal) {
  return absl::StrFormat("%s: %s after %d updates, %d env steps, %.1f s",
                         goal.Reached(report.ending) ? "goal reached" : "goal NOT reached",
                         goal.newest().has_value() ? FullResult(*goal.newest()) : "not evaluated", report.end.updates,
                         report.end.env_steps, report.end.wall_seconds);
}

std::string FormatVerdict(const Report& report, const GoalTracker& goal) {
  const std::string result = goal.newest().has_value() ? FullResult(*goal.newest()) : "not evaluated";
  const std::string ended_by = report.error.empty() ? Describe(report.ending) : "ended by an error";
  return absl::StrFormat("%s: %s after %s updates, %s env steps, %.1f s", ended_by, result,
                         FormatCount(static_cast<double>(report.end.updates)),
                         FormatCount(static_cast<double>(report.end.env_steps)), report.end.wall_seconds);
}

}  // namespace recbots
