#include "deploy/cli/reproduce/orderings.h"

#include <algorithm>
#include <limits>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "deploy/cli/figures/page_text.h"
#include "deploy/cli/reproduce/row_values.h"

namespace recbots {
namespace {

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
};

const char* Name(Rank rank) {
  switch (rank) {
    case Rank::kMyopic:
      return "MYOP";
    case Rank::kTopK:
      return "TS";
    case Rank::kBetterSlates:
      return "GS/OS";
    case Rank::kNone:
      break;
  }
  return "";
}

std::string Holds(bool holds) { return holds ? "holds" : "**does not hold**"; }

}  // namespace

std::string PaperOrderText(const std::vector<const ExperimentResult*>& results) {
  std::map<Rank, Range> ranges;
  for (const ExperimentResult* result : results) {
    if (result->experiment.rank == Rank::kNone || result->seeds.empty()) continue;
    const double mean = RowInterval(*result).mean;
    Range& range = ranges[result->experiment.rank];
    range.low = std::min(range.low, mean);
    range.high = std::max(range.high, mean);
  }
  if (ranges.size() < 2) return "";
  bool holds = true;
  double below = -std::numeric_limits<double>::infinity();
  std::vector<std::string> names, values;
  for (const auto& [rank, range] : ranges) {
    holds = holds && below < range.low;
    below = range.high;
    names.push_back(Name(rank));
    values.push_back(absl::StrCat(Name(rank), " ", FixedText(range.low, 1), " to ", FixedText(range.high, 1)));
  }
  return absl::StrCat("The order ", absl::StrJoin(names, " < "), " ", Holds(holds), ": ", absl::StrJoin(values, ", "),
                      ".\n");
}

std::string ProposalOrderText(const std::vector<const ExperimentResult*>& results) {
  std::map<int, double> means;  // By the share of candidates in per cent.
  for (const ExperimentResult* result : results) {
    if (!result->seeds.empty()) {
      means[static_cast<int>(100 * result->experiment.candidate_share + 0.5)] = RowInterval(*result).mean;
    }
  }
  for (const int percent : {5, 10, 20, 100}) {
    if (!means.contains(percent)) return "";
  }
  const double all = means[100];
  return absl::StrFormat(
      "The published order, 5 %% below 10 %% and 10 %% not above all candidates, %s; 20 %% has at least 97 %% of all: "
      "%s.\n",
      Holds(means[5] < means[10] && means[10] <= 1.01 * all), Holds(means[20] >= 0.97 * all));
}

}  // namespace recbots
