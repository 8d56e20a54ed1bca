// The result of a simulation.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace recbots {

struct MetricEstimate {
  std::string name;  // RecSim's name if RecSim has the metric.
  std::string unit;
  double value = 0;
  double standard_error = std::numeric_limits<double>::quiet_NaN();  // NaN: not known
};

struct SimulationResult {
  int64_t episodes = 0;  // The episodes 0 .. episodes - 1 were played and counted; fewer than wanted after a stop.
  int64_t env_steps = 0;
  bool stopped = false;
  double wall_seconds = 0;
  int threads = 1;  // How many threads played.
  int users = 1;    // How many users each thread simulated at once.
  // AverageEpisodeRewards, StdEpisodeRewards, AverageEpisodeLength, TerminatedShare, TruncatedShare and the ratios of
  // the scenario's own metrics. Metrics without a value are left out.
  std::vector<MetricEstimate> metrics;

  // nullptr: there is no metric with this name.
  const MetricEstimate* Find(absl::string_view name) const {
    for (const MetricEstimate& metric : metrics) {
      if (metric.name == name) return &metric;
    }
    return nullptr;
  }
};

}  // namespace recbots
