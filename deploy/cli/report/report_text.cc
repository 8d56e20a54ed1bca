#include "deploy/cli/report/report_text.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "deploy/cli/figures/page_text.h"
#include "deploy/cli/terminal/cells.h"

namespace recbots {
namespace {

constexpr char kIntervalNote[] =
    "Means over seeds; +- is half the width of the 95 % t interval of the mean over seeds, for a single run that of "
    "its evaluation. A run "
    "counts if it ended by itself and was evaluated: not one that goes on, was stopped, was killed, or failed.";

std::string Number(double value) { return std::isfinite(value) ? absl::StrFormat("%.5g", value) : "-"; }

std::string WithInterval(const Interval& interval, double scale = 1, const char* unit = "") {
  if (!std::isfinite(interval.mean)) return "-";
  std::string text = Number(interval.mean * scale);
  if (std::isfinite(interval.half_width))
    absl::StrAppend(&text, " +- ", absl::StrFormat("%.2g", interval.half_width * scale));
  return absl::StrCat(text, unit);
}

std::string ProbabilityText(double p) { return p < 1e-4 ? "< 0.0001" : absl::StrFormat("%.4f", p); }

ReportTable GroupTable(const RunReport& report) {
  ReportTable table{
      "Groups",
      absl::StrCat("Runs whose configurations differ in the seed alone are a group. ", kIntervalNote),
      {"group", "runs", "counted", "last value", "best value", "share of the gap", "env steps to 99 %", "seconds"},
      {}};
  for (const RunGroup& group : report.groups) {
    std::string to_99 = WithInterval(group.steps_to_99);
    if (group.reached_99 < group.num_counted) {
      to_99 =
          absl::StrCat(group.reached_99 == 0 ? "" : to_99 + ", ", group.reached_99, " of ", group.num_counted, " runs");
    }
    table.rows.push_back({group.label, absl::StrCat(group.runs.size()), absl::StrCat(group.num_counted),
                          WithInterval(group.value), WithInterval(group.best),
                          WithInterval(group.share_of_gap, 100, " %"), to_99, WithInterval(group.seconds)});
  }
  return table;
}

ReportTable ComparisonTable(const RunReport& report) {
  ReportTable table{"Comparisons",
                    absl::StrFormat("Last values of groups with the same environment and at least two runs that count, "
                                    "by Welch's t test (two-sided; the "
                                    "scatter of the groups may differ). p is corrected by Holm's method for the %d "
                                    "comparison(s) of this page: calling those "
                                    "below %.2f a difference errs at all in at most %.0f %% of such pages. The test "
                                    "takes values over seeds for normal and runs for "
                                    "independent; with few runs only large differences can be found, and \"not "
                                    "distinguished\" does not mean equal. "
                                    "Scatter below 1e-9 of the values counts as rounding.",
                                    static_cast<int>(report.comparisons.size()), kSignificance, 100 * kSignificance),
                    {"comparison", "difference", "p", "p corrected", "verdict"},
                    {}};
  for (const GroupComparison& one : report.comparisons) {
    const std::string first = report.groups[one.first].label.substr(0, report.groups[one.first].label.find(':'));
    const std::string second = report.groups[one.second].label.substr(0, report.groups[one.second].label.find(':'));
    const bool significant = one.corrected_p < kSignificance;
    const std::string verdict = !significant               ? "not distinguished"
                                : one.means.difference > 0 ? absl::StrCat(second, " is higher")
                                                           : absl::StrCat(first, " is higher");
    table.rows.push_back({absl::StrCat(second, " - ", first),
                          WithInterval({one.means.difference, one.means.half_width}), ProbabilityText(one.means.p),
                          ProbabilityText(one.corrected_p), verdict});
  }
  return table;
}

ReportTable DifferenceTable(const RunReport& report) {
  ReportTable table{
      "Differences of the configurations",
      "Every setting that is not the same in all groups, the seed left out; \"-\": there is no such setting.",
      {"setting"},
      {}};
  for (const size_t index : report.compared_groups) table.columns.push_back(report.groups[index].label);
  for (const ConfigDifference& difference : report.differences) {
    std::vector<std::string> row = {difference.path};
    for (const std::string& value : difference.values) row.push_back(CutTo(Harmless(value), 60));
    table.rows.push_back(std::move(row));
  }
  return table;
}

ReportTable RunTableOf(const RunReport& report) {
  ReportTable table{
      "Runs",
      "Every run, and how it ended.",
      {"run", "group", "seed", "counts", "last value", "best value", "updates", "env steps", "seconds", "how it ended"},
      {}};
  for (const RunGroup& group : report.groups) {
    for (const size_t index : group.runs) {
      const RunFolder& run = report.runs[index];
      std::string ending = run.Ending();
      for (const std::string& trouble : run.troubles) absl::StrAppend(&ending, "; ", trouble);
      table.rows.push_back({Harmless(run.path), group.label.substr(0, group.label.find(':')), absl::StrCat(run.seed()),
                            Counts(run) ? "yes" : "no", FixedText(run.last_value(), 4), FixedText(run.best_value(), 4),
                            CountText(static_cast<int64_t>(run.updates())),
                            CountText(static_cast<int64_t>(run.env_steps())),
                            absl::StrFormat("%.1f", run.wall_seconds()), Harmless(ending)});
    }
  }
  return table;
}

std::string KnownText(const std::string& text) { return text.empty() ? "not recorded" : Harmless(text); }

// Runs of the same machine and build share a row.
ReportTable MachineTable(const RunReport& report) {
  ReportTable table{"Machines and builds",
                    "As the reports of the runs have it; earlier versions recorded less.",
                    {"version", "built for", "processor", "cores", "learnt on", "computed by", "learners", "runs"},
                    {}};
  std::map<std::vector<std::string>, int> machines;
  for (const RunFolder& run : report.runs) {
    if (run.report.is_null()) continue;
    const auto count_of = [&run](const char* name) {
      const std::optional<double> number = NumberIn(run.report, name);
      return number.has_value() ? absl::StrFormat("%.0f", *number) : "not recorded";
    };
    ++machines[{KnownText(TextIn(run.report, "version")), KnownText(TextIn(run.report, "built_for")),
                KnownText(TextIn(run.report, "processor")), count_of("cores"), KnownText(TextIn(run.report, "device")),
                KnownText(TextIn(run.report, "compute_mode")), count_of("learners")}];
  }
  for (const auto& [cells, count] : machines) {
    table.rows.push_back(cells);
    table.rows.back().push_back(absl::StrCat(count));
  }
  table.rows_have_names = false;
  return table;
}

std::string MarkdownCell(const std::string& text) { return absl::StrReplaceAll(text, {{"|", "\\|"}, {"\n", " "}}); }

}  // namespace

std::vector<ReportTable> ReportTables(const RunReport& report) {
  std::vector<ReportTable> tables;
  for (ReportTable& table : std::vector<ReportTable>{GroupTable(report), ComparisonTable(report), RunTableOf(report),
                                                     MachineTable(report), DifferenceTable(report)}) {
    if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

std::vector<Plot> ReportPlots(const RunReport& report) {
  std::vector<Plot> plots;
  std::vector<ConfigValues> environments;
  for (const RunGroup& group : report.groups) {
    if (group.band.env_steps.empty()) continue;
    const ConfigValues environment = EnvironmentOf(group.config);
    const auto found = std::find(environments.begin(), environments.end(), environment);
    if (found == environments.end()) {
      const RunFolder& run = report.runs[group.runs[0]];
      environments.push_back(environment);
      plots.push_back(
          {absl::StrCat("Learning curves: ", run.environment().empty() ? run.experiment() : run.environment()),
           "env steps",
           "value of the greedy policy",
           {},
           {}});
      const Json& references = MemberOf(run.report, "references");
      if (references.is_array()) {
        for (const Json& one : references) {
          const std::optional<double> value = NumberIn(one, "value");
          if (value.has_value()) {
            plots.back().levels.push_back({absl::StrFormat("%s %.4g", CutTo(TextIn(one, "name"), 16), *value), *value});
          }
        }
      }
    }
    const auto index =
        static_cast<size_t>(std::find(environments.begin(), environments.end(), environment) - environments.begin());
    plots[index].series.push_back({absl::StrFormat("%s, %d run(s)", group.label, static_cast<int>(group.num_counted)),
                                   group.band.env_steps, group.band.mean, group.band.low, group.band.high});
  }
  return plots;
}

std::string ReportMarkdown(const RunReport& report, const std::vector<std::string>& plot_files) {
  std::string text = "# Comparison of runs\n";
  const std::vector<Plot> plots = ReportPlots(report);
  for (size_t i = 0; i < plot_files.size() && i < plots.size(); ++i) {
    absl::StrAppend(&text, "\n![", plots[i].title, "](", plot_files[i], ")\n");
  }
  if (!plots.empty()) {
    text +=
        "\nBands are 95 % t intervals of the mean over seeds, over the env steps that all runs of a group have made.\n";
  }
  for (const ReportTable& table : ReportTables(report)) {
    absl::StrAppend(&text, "\n## ", table.title, "\n", table.note, "\n\n");
    MarkdownTable markdown(table.columns);
    for (const std::vector<std::string>& row : table.rows) {
      std::vector<std::string> cells;
      for (const std::string& cell : row) cells.push_back(MarkdownCell(cell));
      markdown.Add(std::move(cells));
    }
    text += markdown.Text();
  }
  return text;
}

}  // namespace recbots
