// Figures of one row, computed from its seeds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/reproduce/interval.h"
#include "deploy/cli/reproduce/results.h"

namespace recbots {

// What a row is judged by: its section's, per seed (experiment.h, `bar`).
std::vector<double> SeedValues(const ExperimentResult& result);
// Their mean. Of rewards, and of clicks in kExploration.
Interval RowInterval(const ExperimentResult& result);
std::optional<double> MeanQuality(const ExperimentResult& result);

// Part of the way from the reference `from` to the best known one; nullopt: one is missing, or they are equal.
std::optional<double> ShareFromReference(const ExperimentResult& result, double reward, const std::string& from);

// (ours - published) / published, of the nearest published reward; nullopt: nothing is published, or no seed ended.
std::optional<double> DifferenceToPublished(const ExperimentResult& result);
// Whether that is within the tolerance; nullopt: none is asked for, or there is no difference.
std::optional<bool> WithinTolerance(const ExperimentResult& result);
// Whether every seed reaches the bar; nullopt: none is asked for, or no seed ended.
std::optional<bool> HoldsBar(const ExperimentResult& result);

}  // namespace recbots
