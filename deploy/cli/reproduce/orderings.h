// Checks whether our results have the order of the published ones; the answer is a sentence for the page.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/reproduce/results.h"

namespace recbots {

// Checks MYOP < TS variants < GS and OS variants by mean reward: every row of a group is below every row of the next.
// Empty if fewer than two of the groups have a result.
std::string PaperOrderText(const std::vector<const ExperimentResult*>& results);

// Checks value(5 %) < value(10 %), value(10 %) at most 1 % above value(100 %), value(20 %) >= 0.97 value(100 %). Empty
// if one of the four has no result.
std::string ProposalOrderText(const std::vector<const ExperimentResult*>& results);

}  // namespace recbots
