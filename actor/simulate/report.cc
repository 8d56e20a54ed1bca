#include "actor/simulate/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kReward[] = "AverageEpisodeRewards";

struct Anchor {
  double value = 0;
  double standard_error = 0;  // 0: exact
  bool played = false;
};

// The exact value if there is one, otherwise the result of the policy's run.
std::optional<Anchor> FindAnchor(const SimulationReport& report, std::optional<double> exact,
                                 const std::string& policy) {
  if (exact.has_value()) return Anchor{*exact, 0, false};
  for (const PolicyResult& run : report.runs) {
    const MetricEstimate* reward = run.result.Find(kReward);
    if (run.policy == policy && reward != nullptr) return Anchor{reward->value, reward->standard_error, true};
  }
  return std::nullopt;
}

// A value is written with 6 digits, an error with 2: more would suggest a precision that they do not have.
std::string Number(double value) { return std::isnan(value) ? "-" : absl::StrFormat("%.6g", value); }
std::string Error(double value) { return std::isnan(value) ? "-" : absl::StrFormat("%.2g", value); }

// 1234567 -> "1,234,567"
std::string WithCommas(int64_t number) {
  const std::string digits = absl::StrCat(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string WithError(const MetricEstimate* metric) {
  if (metric == nullptr) return "-";
  return absl::StrCat(Number(metric->value), " +- ", Error(metric->standard_error));
}

void AppendMetrics(const SimulationResult& result, std::string& page) {
  absl::StrAppendFormat(&page, "  %-38s %14s  %14s  %s\n", "metric", "value", "standard error", "unit");
  for (const MetricEstimate& metric : result.metrics) {
    absl::StrAppendFormat(&page, "  %-38s %14s  %14s  %s\n", metric.name, Number(metric.value),
                          Error(metric.standard_error), metric.unit);
  }
}

// The metrics that get a column of the table: not those of single clusters, which would not fit a line.
std::vector<std::string> TableMetrics(const SimulationReport& report) {
  std::vector<std::string> names;
  for (const MetricEstimate& metric : report.runs[0].result.metrics) {
    if (metric.unit == "ratio" && !absl::StrContains(metric.name, "/")) names.push_back(metric.name);
  }
  return names;
}

void AppendComparison(const SimulationReport& report, std::string& page) {
  const std::vector<std::string> ratios = TableMetrics(report);
  absl::StrAppendFormat(&page, "\n  %-22s %24s %22s", "policy", kReward, "AverageEpisodeLength");
  for (const std::string& ratio : ratios) absl::StrAppendFormat(&page, " %22s", ratio);
  absl::StrAppendFormat(&page, " %20s\n", "gap closed");
  for (const PolicyResult& run : report.runs) {
    absl::StrAppendFormat(&page, "  %-22s %24s %22s", run.policy, WithError(run.result.Find(kReward)),
                          WithError(run.result.Find("AverageEpisodeLength")));
    for (const std::string& ratio : ratios) absl::StrAppendFormat(&page, " %22s", WithError(run.result.Find(ratio)));
    const std::optional<GapShare> share = ShareOfGap(report, run);
    absl::StrAppendFormat(
        &page, " %20s\n",
        share.has_value() ? absl::StrFormat("%.1f %% +- %.2g", 100 * share->value, 100 * share->standard_error) : "-");
  }
}

// Tells between which values the gap is measured.
void AppendAnchors(const SimulationReport& report, std::string& page) {
  const auto describe = [&](const char* name, std::optional<double> exact, const std::string& policy) {
    if (exact.has_value()) {
      absl::StrAppendFormat(&page, "  %s: %.6g (exact)\n", name, *exact);
    } else if (report.compared && !policy.empty()) {
      absl::StrAppendFormat(&page, "  %s: not known exactly; as played by '%s'\n", name, policy);
    }
  };
  describe("random", report.random_value, "random");
  describe("best", report.optimal_value, report.best_reference);
}

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json NumberOrNull(std::optional<double> value) { return value.has_value() ? NumberOrNull(*value) : Json(nullptr); }

Json JsonOf(const SimulationReport& report, const PolicyResult& run) {
  Json metrics = Json::object();
  for (const MetricEstimate& metric : run.result.metrics) {
    metrics[metric.name] = {{"value", NumberOrNull(metric.value)},
                            {"standard_error", NumberOrNull(metric.standard_error)},
                            {"unit", metric.unit}};
  }
  const std::optional<GapShare> share = ShareOfGap(report, run);
  const double seconds = run.result.wall_seconds;
  return {{"policy", run.policy},
          {"episodes", run.result.episodes},
          {"stopped", run.result.stopped},
          {"env_steps", run.result.env_steps},
          {"metrics", metrics},
          {"share_of_gap", share.has_value() ? NumberOrNull(share->value) : Json(nullptr)},
          {"share_of_gap_standard_error", share.has_value() ? NumberOrNull(share->standard_error) : Json(nullptr)},
          {"timing",
           {{"wall_seconds", seconds},
            {"env_steps_per_second", seconds > 0 ? static_cast<double>(run.result.env_steps) / seconds : 0},
            {"threads", run.result.threads},
            {"users", run.result.users}}}};
}

}  // namespace

std::optional<GapShare> ShareOfGap(const SimulationReport& report, const PolicyResult& run) {
  const MetricEstimate* const reward = run.result.Find(kReward);
  const std::optional<Anchor> random = FindAnchor(report, report.random_value, "random");
  const std::optional<Anchor> best = FindAnchor(report, report.optimal_value, report.best_reference);
  if (reward == nullptr || !random.has_value() || !best.has_value()) return std::nullopt;
  const double gap = best->value - random->value;
  if (gap == 0) return std::nullopt;
  if (random->played && run.policy == "random") return GapShare{0, 0};
  if (best->played && run.policy == report.best_reference) return GapShare{1, 0};
  const double share = (reward->value - random->value) / gap;
  return GapShare{
      share, std::hypot(reward->standard_error, (1 - share) * random->standard_error, share * best->standard_error) /
                 std::abs(gap)};
}

std::string ReportPage(const SimulationReport& report) {
  const PolicyResult& first = report.runs[0];
  const SimulationResult& result = first.result;
  std::string page = absl::StrFormat("%s: policy %s in %s, %s episodes", report.experiment, first.policy,
                                     report.environment, WithCommas(result.episodes));
  if (report.users_per_session > 1) absl::StrAppend(&page, " of ", report.users_per_session, " users");
  absl::StrAppend(&page, ", seed ", report.seed, "\n");
  if (result.stopped) {
    absl::StrAppend(&page, "  stopped: ", WithCommas(result.episodes), " of ", WithCommas(report.episodes_wanted),
                    " episodes were played and are reported\n");
  }
  absl::StrAppend(&page, "\n");
  AppendMetrics(result, page);
  if (report.compared) AppendComparison(report, page);
  absl::StrAppend(&page, "\n");
  AppendAnchors(report, page);
  if (const auto share = ShareOfGap(report, first); share.has_value() && !report.compared) {
    absl::StrAppendFormat(&page, "  gap closed: %.1f %% +- %.2g\n", 100 * share->value, 100 * share->standard_error);
  }
  const double rate = result.wall_seconds > 0 ? static_cast<double>(result.env_steps) / result.wall_seconds : 0;
  absl::StrAppendFormat(&page, "  %s steps in %.3f s: %s steps/s (%d thread%s, %d user%s at once each)\n",
                        WithCommas(result.env_steps), result.wall_seconds, WithCommas(std::llround(rate)),
                        result.threads, result.threads == 1 ? "" : "s", result.users, result.users == 1 ? "" : "s");
  if (!report.log_path.empty()) {
    absl::StrAppend(&page, "  log: ", WithCommas(report.log_rows), " rows in ", report.log_path, "\n");
  }
  return page;
}

std::string ReportJson(const SimulationReport& report) {
  Json json = {{"experiment", report.experiment},
               {"environment", report.environment},
               {"seed", report.seed},
               {"users_per_session", report.users_per_session},
               {"episodes_wanted", report.episodes_wanted},
               {"random_value", NumberOrNull(report.random_value)},
               {"optimal_value", NumberOrNull(report.optimal_value)},
               {"best_reference", report.best_reference},
               {"log", report.log_path.empty() ? Json(nullptr) : Json(report.log_path)},
               {"log_rows", report.log_rows}};
  json["runs"] = Json::array();
  for (const PolicyResult& run : report.runs) json["runs"].push_back(JsonOf(report, run));
  return json.dump(2) + "\n";
}

}  // namespace recbots
