// The orders in which published results stand, checked on ours, in a sentence each.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/reproduce/results.h"

namespace recbots {

// MYOP < TS variants < GS and OS variants, by mean reward: every one of a group is below every one of the next. Empty
// where fewer than two of the groups have a result.
std::string PaperOrderText(const std::vector<const ExperimentResult*>& results);

// value(5 %) < value(10 %), value(10 %) at most 1 % above value(100 %), value(20 %) >= 0.97 value(100 %). Empty where
// one of them has no result.
std::string ProposalOrderText(const std::vector<const ExperimentResult*>& results);

}  // namespace recbots
