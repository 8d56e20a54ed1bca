#include "deploy/cli/report/report_data.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

constexpr int kBandPoints = 200;

// A, B, ..., Z, A2, B2, ...
std::string LetterOf(size_t index) {
  return absl::StrCat(std::string(1, static_cast<char>('A' + index % 26)),
                      index < 26 ? "" : absl::StrCat(index / 26 + 1));
}

std::string LabelOf(size_t index, const RunFolder& run) {
  const std::string experiment = run.experiment().empty() ? run.path : run.experiment();
  const std::string algorithm = run.algorithm();
  return absl::StrCat(LetterOf(index), ": ", experiment, algorithm.empty() ? "" : absl::StrCat(" (", algorithm, ")"));
}

Curve CurveOf(const RunFolder& run) {
  Curve curve;
  for (const CurveValue& point : run.curve) {
    if (curve.empty() || point.env_steps > curve.back().env_steps) curve.push_back({point.env_steps, point.value});
  }
  return curve;
}

std::vector<RunGroup> GroupsOf(const std::vector<RunFolder>& runs) {
  std::vector<RunGroup> groups;
  for (size_t i = 0; i < runs.size(); ++i) {
    const ConfigValues config =
        runs[i].config.has_value() ? WithoutSeed(FlattenConfig(*runs[i].config)) : ConfigValues();
    const auto same = std::find_if(groups.begin(), groups.end(), [&config](const RunGroup& group) {
      return !config.empty() && group.config == config;
    });
    if (same != groups.end()) {
      same->runs.push_back(i);
      continue;
    }
    RunGroup group;
    group.label = LabelOf(groups.size(), runs[i]);
    group.runs = {i};
    group.config = config;
    groups.push_back(std::move(group));
  }
  return groups;
}

void Measure(const std::vector<RunFolder>& runs, RunGroup& group) {
  std::vector<double> best, gaps, steps, seconds, errors, no_errors;
  std::vector<Curve> curves;
  for (const size_t index : group.runs) {
    const RunFolder& run = runs[index];
    if (!Counts(run)) continue;
    ++group.num_counted;
    group.values.push_back(*run.last_value());
    best.push_back(*run.best_value());
    // The half width of a 95 % interval is 1.96 standard errors.
    if (const auto ci95 = NumberIn(run.report, "value_ci95"); ci95.has_value()) errors.push_back(*ci95 / 1.96);
    if (const auto gap = run.share_of_gap(); gap.has_value()) gaps.push_back(*gap);
    if (const auto at = NumberIn(run.report, "env_steps_to_99"); at.has_value()) steps.push_back(*at);
    seconds.push_back(run.wall_seconds());
    curves.push_back(CurveOf(run));
  }
  group.value = MeanInterval(group.values, errors);
  group.best = MeanInterval(best, no_errors);
  group.share_of_gap = MeanInterval(gaps, no_errors);
  group.steps_to_99 = MeanInterval(steps, no_errors);
  group.reached_99 = steps.size();
  group.seconds = MeanInterval(seconds, no_errors);
  group.band = MakeIntervalBand(curves, kBandPoints);
}

void Compare(RunReport& report) {
  std::vector<double> p;
  for (size_t i = 0; i < report.groups.size(); ++i) {
    for (size_t j = i + 1; j < report.groups.size(); ++j) {
      const RunGroup &first = report.groups[i], &second = report.groups[j];
      if (first.config.empty() || second.config.empty()) continue;
      if (EnvironmentOf(first.config) != EnvironmentOf(second.config)) continue;
      const std::optional<MeanComparison> means = CompareMeans(first.values, second.values);
      if (!means.has_value()) continue;
      report.comparisons.push_back({i, j, *means, 1});
      p.push_back(means->p);
    }
  }
  const std::vector<double> corrected = HolmCorrected(p);
  for (size_t i = 0; i < corrected.size(); ++i) report.comparisons[i].corrected_p = corrected[i];
}

}  // namespace

bool Counts(const RunFolder& run) {
  const std::string ended_by = TextIn(run.report, "ended_by");
  return run.stage == RunStage::kEnded && run.last_value().has_value() && !absl::StartsWith(ended_by, "error: ") &&
         ended_by != "stopped before its goal";
}

RunReport MakeRunReport(std::vector<RunFolder> runs) {
  RunReport report;
  report.groups = GroupsOf(runs);
  for (RunGroup& group : report.groups) Measure(runs, group);
  report.runs = std::move(runs);
  Compare(report);
  std::vector<ConfigValues> configs;
  for (size_t i = 0; i < report.groups.size(); ++i) {
    if (report.groups[i].config.empty()) continue;
    configs.push_back(report.groups[i].config);
    report.compared_groups.push_back(i);
  }
  report.differences = DifferencesOf(configs);
  return report;
}

}  // namespace recbots
