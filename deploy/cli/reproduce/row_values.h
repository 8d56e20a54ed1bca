// Figures of one row, computed from its seeds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/figures/interval.h"
#include "deploy/cli/reproduce/results.h"

namespace recbots {

// The values, one per seed, that are compared with the row's bar; the section decides which (experiment.h).
std::vector<double> SeedValues(const ExperimentResult& result);
// The mean of the rewards of all seeds or, in kExploration, of their clicks.
Interval RowInterval(const ExperimentResult& result);
std::optional<double> MeanQuality(const ExperimentResult& result);

// The share of the gap between the reference `from` and the best known one that `reward` closes; nullopt: `from` is
// missing, or not below the best known one.
std::optional<double> ShareFromReference(const ExperimentResult& result, double reward, const std::string& from);

// (ours - published) / published, for the nearest published reward; nullopt: none is published, or no seed succeeded.
std::optional<double> DifferenceToPublished(const ExperimentResult& result);
// Whether DifferenceToPublished is within the tolerance; nullopt: there is no tolerance, or no difference.
std::optional<bool> WithinTolerance(const ExperimentResult& result);
// Whether every seed reaches the bar; nullopt: there is no bar, or no seed succeeded.
std::optional<bool> HoldsBar(const ExperimentResult& result);

}  // namespace recbots
