// What a simulation found out.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots {

struct MetricEstimate {
  std::string name;  // RecSim's, where RecSim has it.
  std::string unit;
  double value = 0;
  double standard_error = std::numeric_limits<double>::quiet_NaN();  // NaN: not known
};

struct SimulationResult {
  int64_t episodes = 0;  // Played and counted: the episodes 0 .. episodes - 1; fewer than wanted after a stop.
  int64_t env_steps = 0;
  bool stopped = false;
  double wall_seconds = 0;
  int threads = 1;  // What it was played with.
  int users = 1;    // A thread, at once.
  // AverageEpisodeRewards, StdEpisodeRewards, AverageEpisodeLength, TerminatedShare, TruncatedShare and the ratios of
  // the scenario's own metrics; those without a value are left out.
  std::vector<MetricEstimate> metrics;

  // nullptr: there is none of that name.
  const MetricEstimate* Find(absl::string_view name) const {
    for (const MetricEstimate& metric : metrics) {
      if (metric.name == name) return &metric;
    }
    return nullptr;
  }
};

}  // namespace recbots
