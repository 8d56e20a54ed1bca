#include "learner/learner_pages.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "learner/run/result_text.h"
#include "learner/run/status_line.h"

namespace recbots {
namespace {

// "266.1 +- 0.4"; without the interval where the value is exact.
std::string WithInterval(double value, double ci95) {
  return ci95 > 0 ? absl::StrCat(value, " +- ", ci95) : absl::StrCat(value);
}

}  // namespace

StatusSection DescribeRun(const RunState& state) {
  const StatusLine line = state.status();
  StatusSection run{"Run", {{"status", FormatStatusLine(line)}}};
  const GoalTracker goal = state.goal();
  if (goal.newest().has_value()) {
    const v1::Evaluation& newest = *goal.newest();
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
  for (const auto& [name, mark] : {std::pair{"99 % of optimum", goal.at_99()}, {"99.9 % of optimum", goal.at_999()}}) {
    run.rows.push_back({name, mark.has_value() ? absl::StrCat(mark->updates, " updates, ", mark->env_steps,
                                                              " env steps, ", mark->wall_seconds, " s")
                                               : "not yet"});
  }
  return run;
}

}  // namespace recbots
