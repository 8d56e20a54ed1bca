// Chooses the setting of an estimator from the data (SLOPE: Su et al. 2020, arXiv:2006.10460; Tucker and Lee 2021).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/ope/estimate.h"

namespace recbots {

struct SlopeChoice {
  size_t index = 0;  // Of the setting.
  Estimate estimate;
};

// `estimates` are those of the settings, from E sessions. Settings are tried in the order of falling half-widths c =
// t(0.9, E - 1) standard errors, from the least biased one on, as long as |theta_j - theta_i| <= c_i + (sqrt(6) - 1)
// c_j for all j before i; the last one that agrees with all before is chosen. Not empty. Estimates that are not numbers
// are never chosen, unless all are.
SlopeChoice ChooseBySlope(const std::vector<Estimate>& estimates, int64_t sessions);

}  // namespace recbots
