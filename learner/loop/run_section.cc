#include "learner/loop/run_section.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/instant.h"
#include "learner/run/result_text.h"

namespace recbots {
namespace {

// "266.1 +- 0.4"; without the interval where the value is exact.
std::string WithInterval(double value, double ci95) {
  return ci95 > 0 ? absl::StrCat(value, " +- ", ci95) : absl::StrCat(value);
}

void AddEvaluation(const v1::Evaluation& newest, StatusSection& run) {
  const std::optional<double> gap = ShareOfGap(newest);
  run.rows.push_back({"result", FullResult(newest)});
  run.rows.push_back({"value", WithInterval(newest.value(), newest.value_ci95())});
  run.rows.push_back({"optimum", newest.has_optimum() ? absl::StrCat(newest.optimum()) : "unknown"});
  run.rows.push_back({"share of gap", gap.has_value() ? absl::StrCat(*gap) : "unknown"});
  for (const v1::ReferenceValue& reference : newest.references()) {
    run.rows.push_back(
        {absl::StrCat("reference ", reference.name()), WithInterval(reference.value(), reference.value_ci95())});
  }
}

}  // namespace

StatusSection RunSection(const RunState& state, const std::string& checkpoint) {
  StatusSection run{"Run", {{"status", FormatStatusLine(state.status())}}};
  const GoalTracker goal = state.goal();
  if (goal.newest().has_value()) AddEvaluation(*goal.newest(), run);
  for (const auto& [name, mark] : {std::pair{"99 % of optimum", goal.at_99()}, {"99.9 % of optimum", goal.at_999()}}) {
    run.rows.push_back({name, mark.has_value() ? absl::StrCat(mark->updates, " updates, ", mark->env_steps,
                                                              " env steps, ", mark->wall_seconds, " s")
                                               : "not yet"});
  }
  run.rows.push_back({"checkpoint", checkpoint});
  return run;
}

std::string DescribeCheckpoints(const RunCheckpointerStats& stats) {
  const std::string failed =
      stats.failed == 0 ? "" : absl::StrCat("; ", stats.failed, " failed, the last one: ", stats.last_error.message());
  if (stats.finished == 0) return absl::StrCat("none yet", failed);
  return absl::StrFormat("%.1f s old, %d written%s", absl::ToDoubleSeconds(Instant::Now() - stats.finished_at),
                         stats.finished, failed);
}

void ShowCheckpoints(const RunCheckpointerStats& stats, Metrics& metrics) {
  RaiseTo(metrics.counter(metric::kLearnerCheckpoints, "finished"), static_cast<double>(stats.finished));
  RaiseTo(metrics.counter(metric::kLearnerCheckpoints, "failed"), static_cast<double>(stats.failed));
  metrics.gauge(metric::kLearnerCheckpointPause).Set(absl::ToDoubleSeconds(stats.pause));
  if (stats.finished == 0) return;
  metrics.gauge(metric::kLearnerCheckpointAge).Set(absl::ToDoubleSeconds(Instant::Now() - stats.finished_at));
}

}  // namespace recbots
