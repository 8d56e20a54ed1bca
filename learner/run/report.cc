#include "learner/run/report.h"

#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file.h"
#include "common/base/format_count.h"
#include "common/base/processor.h"
#include "common/base/processor_name.h"
#include "common/base/status_macros.h"
#include "common/base/version.h"
#include "common/role/run_directory.h"
#include "learner/run/result_text.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

void AddMark(Json& json, const std::string& suffix, const std::optional<RunCounters>& mark) {
  json["env_steps_to_" + suffix] = mark.has_value() ? Json(mark->env_steps) : Json();
  json["updates_to_" + suffix] = mark.has_value() ? Json(mark->updates) : Json();
  json["wall_seconds_to_" + suffix] = mark.has_value() ? Json(mark->wall_seconds) : Json();
}

// Where it was learnt, how, and by which program.
void AddMachine(Json& json, const Report& report) {
  json["device"] = report.device;
  json["compute_mode"] = report.compute_mode;
  json["learners"] = report.num_learners;
  json["version"] = std::string(kVersion);
  json["built_for"] = BuiltForArchitecture();
  json["processor"] = ProcessorName();
  json["cores"] = std::thread::hardware_concurrency();
}

Json References(const v1::Evaluation& evaluation) {
  Json references = Json::array();
  for (const v1::ReferenceValue& reference : evaluation.references()) {
    references.push_back(
        {{"name", reference.name()}, {"value", reference.value()}, {"value_ci95", reference.value_ci95()}});
  }
  return references;
}

// The value of that name, or `otherwise` if there is none of that type.
template <typename T>
T Get(const Json& json, const std::string& name, T otherwise) {
  if (!json.contains(name)) return otherwise;
  const Json& value = json[name];
  const bool fits = std::is_same_v<T, bool>          ? value.is_boolean()
                    : std::is_same_v<T, std::string> ? value.is_string()
                                                     : value.is_number();
  return fits ? value.get<T>() : otherwise;
}

RunCounters GetCounters(const Json& json, const std::string& suffix) {
  return {Get<int64_t>(json, "env_steps" + suffix, 0), Get<int64_t>(json, "updates" + suffix, 0),
          Get<double>(json, "wall_seconds" + suffix, 0)};
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
  AddMachine(json, report);
  // Names from other processes may not be UTF-8; the report must still be written.
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
}

absl::Status WriteReport(const std::string& run_dir, const Report& report, const GoalTracker& goal) {
  return WriteFile(absl::StrCat(run_dir, "/", kReportFile), FormatReport(report, goal));
}

absl::StatusOr<SavedReport> ReadReport(const std::string& run_dir) {
  const std::string path = absl::StrCat(run_dir, "/", kReportFile);
  RECBOTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || Get<double>(json, "wall_seconds", -1) < 0) {
    return absl::InvalidArgumentError(absl::StrCat("'", path, "' is no report of a run"));
  }
  SavedReport report;
  report.goal_reached = Get(json, "goal_reached", report.goal_reached);
  report.result = Get(json, "result", report.result);
  report.end = GetCounters(json, "");
  if (Get<double>(json, "wall_seconds_to_999", -1) >= 0) report.at_999 = GetCounters(json, "_to_999");
  report.identity = Get(json, "identity", report.identity);
  report.ended_by = Get(json, "ended_by", report.ended_by);
  if (!json.contains("losses") || !json["losses"].is_object()) return report;
  for (const auto& [name, loss] : json["losses"].items()) {
    if (loss.is_number()) report.losses.emplace_back(name, loss.get<double>());
  }
  return report;
}

std::string FormatEnd(const SavedReport& report) {
  return absl::StrFormat("%s: %s after %d updates, %d env steps, %.1f s",
                         report.goal_reached ? "goal reached" : "goal NOT reached", report.result, report.end.updates,
                         report.end.env_steps, report.end.wall_seconds);
}

std::string FormatEnd(const Report& report, const GoalTracker& goal) {
  SavedReport saved{.goal_reached = goal.Reached(report.ending), .end = report.end};
  if (goal.newest().has_value()) saved.result = FullResult(*goal.newest());
  return FormatEnd(saved);
}

std::string FormatVerdict(const Report& report, const GoalTracker& goal) {
  const std::string result = goal.newest().has_value() ? FullResult(*goal.newest()) : "not evaluated";
  const std::string ended_by = report.error.empty() ? Describe(report.ending) : "ended by an error";
  return absl::StrFormat("%s: %s after %s updates, %s env steps, %.1f s", ended_by, result,
                         FormatCount(static_cast<double>(report.end.updates)),
                         FormatCount(static_cast<double>(report.end.env_steps)), report.end.wall_seconds);
}

}  // namespace recbots
