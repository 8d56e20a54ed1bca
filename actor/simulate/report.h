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
  // The policy asked for; when comparing, then the scenario's references: "random", ..., the best one last. The one
  // asked for is not repeated among them.
  std::vector<PolicyResult> runs;
  bool compared = false;
  std::string best_reference;  // Name of the last reference.
  // Mean returns known without playing.
  std::optional<double> random_value;
  std::optional<double> optimal_value;
  std::string log_path;  // Empty: none
  int64_t log_rows = 0;
};

struct GapShare {
  double value = 0;
  double standard_error = 0;
};

// Which part of the way from random to the best known play a run's AverageEpisodeRewards goes: (P - R) / (O - R), with
// the exact values of R and O where the scenario has them and those played otherwise. Its standard error takes the
// three as independent, which is too much where they met the same users. nullopt: R or O is missing, or they are equal.
std::optional<GapShare> ShareOfGap(const SimulationReport& report, const PolicyResult& run);

// The page on standard output.
std::string ReportPage(const SimulationReport& report);

// The file of --output: one JSON object and a line end.
std::string ReportJson(const SimulationReport& report);

}  // namespace recbots
