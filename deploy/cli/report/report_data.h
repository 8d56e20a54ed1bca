// Runs in groups of equal configuration, with what they come to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/figures/interval.h"
#include "deploy/cli/figures/learning_curve.h"
#include "deploy/cli/report/config_differences.h"
#include "deploy/cli/report/significance.h"
#include "deploy/cli/view/run_folder.h"

namespace recbots {

// Whether a run counts in means: it ended by itself and was evaluated. One that goes on, was stopped, was killed or
// failed does not.
bool Counts(const RunFolder& run);

// Runs that differ in their seed only.
struct RunGroup {
  std::string label;         // "A: browse (wolpertinger)"
  std::vector<size_t> runs;  // Indices of RunReport::runs, in the order given.
  ConfigValues config;       // Without the seed; empty: not known, then the group has one run.
  // Over the runs that count, with intervals over seeds.
  size_t num_counted = 0;
  std::vector<double> values;  // The last value of each.
  Interval value, best, share_of_gap, steps_to_99, seconds;
  size_t reached_99 = 0;  // Runs that came to 99 % of the optimum.
  CurveBand band;         // Mean and 95 % interval over seeds, over the env steps that all have made.
};

// Two groups with equal environments, by the last values of their runs.
struct GroupComparison {
  size_t first = 0, second = 0;  // Indices of RunReport::groups.
  MeanComparison means;          // second - first
  double corrected_p = 1;        // By Holm, over all comparisons of the page.
};

struct RunReport {
  std::vector<RunFolder> runs;
  std::vector<RunGroup> groups;  // In the order of their first runs.
  std::vector<GroupComparison> comparisons;
  std::vector<ConfigDifference> differences;  // Between groups whose configuration is known.
  std::vector<size_t> compared_groups;        // Which group each value of `differences` is of.
};

// What calls a difference significant: Holm's p below this.
inline constexpr double kSignificance = 0.05;

RunReport MakeRunReport(std::vector<RunFolder> runs);

}  // namespace recbots
