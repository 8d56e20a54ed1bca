#include "learner/dashboard/dashboard.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "learner/dashboard/advice.h"
#include "learner/dashboard/embedded_files.h"
#include "learner/dashboard/policy_json.h"
#include "learner/dashboard/series_page.h"

namespace recbots {
namespace {

// nlohmann's own order of keys is that of the alphabet.
using Json = nlohmann::ordered_json;

// Evaluations that one status shows; the newest ones, if more have come.
constexpr size_t kShownEvaluations = 32;

Json OrNull(const std::optional<double>& number) { return number.has_value() ? Json(*number) : Json(nullptr); }
Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

SeriesRecorder::Values ValuesOf(const StatusLine& line) {
  SeriesRecorder::Values values = {{"updates_per_second", line.updates_per_second},
                                   {"env_steps_per_second", line.env_steps_per_second},
                                   {"rows_per_second", line.rows_per_second},
                                   {"samples_per_insert", line.samples_per_insert},
                                   {"lag_updates_p50", line.lag_p50_updates},
                                   {"lag_updates_p99", line.lag_p99_updates},
                                   {"lag_seconds_p50", line.lag_p50_seconds},
                                   {"lag_seconds_p99", line.lag_p99_seconds},
                                   {"replay_rows", static_cast<double>(line.replay_rows)},
                                   {"waited_ratio", line.waited_ratio},
                                   {"actors", line.num_actors}};
  for (const auto& [name, loss] : line.losses) values.emplace_back(absl::StrCat("loss.", name), loss);
  return values;
}

// The name of the series of a column of metrics.csv.
std::string SeriesOf(const std::string& column) {
  for (const auto& [name, series] : {std::pair{"lag_p50_updates", "lag_updates_p50"},
                                     {"lag_p99_updates", "lag_updates_p99"},
                                     {"lag_p50_seconds", "lag_seconds_p50"},
                                     {"lag_p99_seconds", "lag_seconds_p99"}}) {
    if (column == name) return series;
  }
  return column;
}

Json EvaluationJson(const v1::Evaluation& evaluation, double wall_seconds) {
  Json json;
  json["env_steps"] = evaluation.env_steps();
  json["updates"] = evaluation.updates();
  json["wall_seconds"] = wall_seconds;
  json["value"] = evaluation.value();
  json["value_ci95"] = evaluation.value_ci95();
  json["share_of_gap"] = OrNull(ShareOfGap(evaluation));
  json["share_of_optimum"] = OrNull(ShareOfOptimum(evaluation));
  return json;
}

Json ReferencesJson(const std::optional<v1::Evaluation>& evaluation) {
  Json list = Json::array();
  if (!evaluation.has_value()) return list;
  for (const v1::ReferenceValue& reference : evaluation->references()) {
    list.push_back({{"name", reference.name()}, {"value", reference.value()}, {"value_ci95", reference.value_ci95()}});
  }
  if (evaluation->has_optimum()) {
    list.push_back({{"name", "optimum"}, {"value", evaluation->optimum()}, {"value_ci95", evaluation->optimum_ci95()}});
  }
  return list;
}

Json GoalJson(const v1::GoalConfig& goal, Ending ending) {
  Json json;
  json["share_of_optimum"] = goal.share_of_optimum();
  json["share_of_gap"] = goal.share_of_gap();
  json["max_updates"] = goal.max_updates();
  json["max_env_steps"] = goal.max_env_steps();
  json["max_seconds"] = goal.max_seconds();
  json["reached"] = ending == Ending::kNotYet ? Json(nullptr) : Json(Describe(ending));
  return json;
}

Json LineJson(const StatusLine& line, int64_t capacity_rows) {
  Json json;
  json["env_steps"] = line.counters.env_steps;
  json["updates"] = line.counters.updates;
  json["wall_seconds"] = line.counters.wall_seconds;
  json["device"] = line.device;
  json["learners"] = line.num_learners;
  json["actors"] = line.num_actors;
  json["evaluators"] = line.num_evaluators;
  json["bound_by"] = line.bound_by;
  json["what_to_do"] = WhatToDo(line);
  json["paused"] = line.paused;
  json["stalled"] = TextOrNull(line.stalled);
  json["blocked_on"] = TextOrNull(line.blocked_on);
  json["capacity_rows"] = capacity_rows;
  json["samples_per_insert_target"] = line.samples_per_insert_target;
  json["lag_updates"] = LagJson(line.lag_updates);
  json["lag_seconds"] = LagJson(line.lag_seconds);
  Json values = Json::object();
  for (const auto& [name, value] : ValuesOf(line)) values[name] = std::isfinite(value) ? Json(value) : Json(nullptr);
  json["values"] = std::move(values);
  return json;
}

}  // namespace

Dashboard::Dashboard(DashboardOptions options, const RunState& run, DashboardSources sources)
    : options_(std::move(options)), run_(run), sources_(std::move(sources)) {
  const ViewedWeights none = {.incarnation = options_.incarnation};
  policy_with_fixed_ = policy_ = PolicyJson(none, {}, /*with_fixed=*/false);
}

void Dashboard::AddHistory(const RunHistory& history) {
  for (const HistoryRow& row : history.evaluations) evaluations_.Add(row.clocks, row.values);
  for (const HistoryRow& row : history.statuses) {
    SeriesRecorder::Values values = row.values;
    for (auto& [name, value] : values) name = SeriesOf(name);
    statuses_.Add(row.clocks, values);
  }
}

void Dashboard::OnStatus(const StatusLine& line) {
  statuses_.Add(line.counters, ValuesOf(line));
  MutexLock lock(&mu_);
  ++sequence_;
  line_ = line;
  shown_evaluations_.assign(new_evaluations_.begin(), new_evaluations_.end());
  new_evaluations_.clear();
}

void Dashboard::OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds) {
  SeriesRecorder::Values values = {{"value", evaluation.value()}, {"value_ci95", evaluation.value_ci95()}};
  for (const auto& [name, share] :
       {std::pair{"share_of_gap", ShareOfGap(evaluation)}, {"share_of_optimum", ShareOfOptimum(evaluation)}}) {
    if (share.has_value()) values.emplace_back(name, *share);
  }
  evaluations_.Add({evaluation.env_steps(), evaluation.updates(), wall_seconds}, values);
  MutexLock lock(&mu_);
  new_evaluations_.push_back({evaluation, wall_seconds});
  if (new_evaluations_.size() > kShownEvaluations) new_evaluations_.pop_front();
}

std::string Dashboard::StatusJson() const {
  const GoalTracker goal = run_.goal();
  Json json;
  json["experiment"] = options_.experiment;
  json["algorithm"] = options_.algorithm;
  json["version"] = options_.version;
  json["incarnation"] = absl::StrCat(absl::Hex(options_.incarnation, absl::kZeroPad16));
  json["status_seconds"] = options_.status_seconds;
  json["doing"] = sources_.doing();
  json["goal"] = GoalJson(options_.goal, run_.Check());
  json["references"] = ReferencesJson(goal.newest());
  json["tables"] = TablesJson(sources_.tables ? sources_.tables() : std::vector<ShardTables>());
  MutexLock lock(&mu_);
  json["sequence"] = sequence_;
  json["policy_views"] = policy_views_;
  json["evaluations"] = goal.evaluations();
  json["new_evaluations"] = Json::array();
  for (const TimedEvaluation& one : shown_evaluations_) {
    json["new_evaluations"].push_back(EvaluationJson(one.evaluation, one.wall_seconds));
  }
  json.update(LineJson(line_, options_.capacity_rows));
  return json.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace);
}

void Dashboard::OnPolicy(std::string with_fixed, std::string without) {
  MutexLock lock(&mu_);
  ++policy_views_;
  policy_with_fixed_ = std::move(with_fixed);
  policy_ = std::move(without);
}

WebPage::Answer Dashboard::Policy(const WebPage::Parameters& parameters) const {
  const auto fixed = parameters.find("fixed");
  if (fixed != parameters.end() && fixed->second != "0" && fixed->second != "1") {
    const Json error = {{"error", absl::StrCat("fixed '", fixed->second, "', want 0 or 1")}};
    return {400, error.dump(-1, ' ', /*ensure_ascii=*/true, Json::error_handler_t::replace) + "\n"};
  }
  MutexLock lock(&mu_);
  return {200, (fixed != parameters.end() && fixed->second == "0" ? policy_ : policy_with_fixed_) + "\n"};
}

WebPage::Answer Dashboard::Series(const WebPage::Parameters& parameters) const {
  return SeriesPage(parameters, {&evaluations_, &statuses_});
}

MorePages Dashboard::Pages(std::function<std::string()> roles) const {
  constexpr char kJson[] = "application/json";
  MorePages more;
  for (const EmbeddedFile& file : EmbeddedFiles()) {
    const std::string path = file.name == "index.html" ? "/" : absl::StrCat("/", file.name);
    more.pages.push_back({path, TypeOf(file.name), [&file](const WebPage::Parameters&) {
                            return WebPage::Answer{200, std::string(file.bytes)};
                          }});
  }
  more.pages.push_back({kApiStatusPath, kJson, [this](const WebPage::Parameters&) {
                          return WebPage::Answer{200, StatusJson() + "\n"};
                        }});
  more.pages.push_back({kApiRolesPath, kJson, [roles = std::move(roles)](const WebPage::Parameters&) {
                          return WebPage::Answer{200, roles()};
                        }});
  more.pages.push_back(
      {kApiSeriesPath, kJson, [this](const WebPage::Parameters& parameters) { return Series(parameters); }});
  more.pages.push_back(
      {kApiPolicyPath, kJson, [this](const WebPage::Parameters& parameters) { return Policy(parameters); }});
  if (sources_.controls.controls != nullptr) {
    more.controls.push_back(
        {kApiControlPath, [this](const std::string& body) { return ControlRun(sources_.controls, body); }});
  }
  more.events = kApiEventsPath;
  return more;
}

}  // namespace recbots
