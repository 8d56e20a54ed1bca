// A simulation's report, for people and for programs. docs/simulate.md is the manual of both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actor/simulate/result.h"

namespace recbots {

struct PolicyResult {
  std::string policy;
  SimulationResult result;
};

struct SimulationReport {
  std::string experiment;
  std::string environment;
  uint64_t seed = 0;
  int users_per_session = 1;
  int64_t episodes_wanted = 0;
  // The policy asked for and, if `compared`, the scenario's reference policies behind it: "random" first, the best one
  // last. If the policy asked for is a reference, it is not repeated.
  std::vector<PolicyResult> runs;
  bool compared = false;
  std::string best_reference;  // The name of the last reference.
  // Mean returns that are known exactly, without playing.
  std::optional<double> random_value;
  std::optional<double> optimal_value;
  std::string log_path;  // Empty: none
  int64_t log_rows = 0;
};

struct GapShare {
  double value = 0;
  double standard_error = 0;
};

// The share of the gap between random play R and the best reference O that a run's AverageEpisodeRewards P closes: (P -
// R) / (O - R). R and O are exact values if the scenario has them, and results of runs otherwise. The standard error
// treats the three as independent, which overstates it if they met the same users. nullopt: R or O is missing, or they
// are equal.
std::optional<GapShare> ShareOfGap(const SimulationReport& report, const PolicyResult& run);

// The page for standard output.
std::string ReportPage(const SimulationReport& report);

// The content of the file for --output: one JSON object and a line end.
std::string ReportJson(const SimulationReport& report);

}  // namespace recbots
