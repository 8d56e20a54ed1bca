// What a scenario counts beside reward (RecSim's environment metrics), as ratios of counters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recbots {

// numerator / denominator, sums over all steps of all episodes; not reported while the denominator is 0.
struct RatioMetric {
  std::string name;  // As RecSim writes it: "CTR", "cluster_watch_count_frac/no_click", ...
  int numerator = 0;
  int denominator = 0;
};

// Immutable and thread-safe. Counters are kept by the caller, one set per episode, so that sums do not depend on
// threads and the standard error of a ratio can be had from the episodes.
class ScenarioMetrics {
 public:
  virtual ~ScenarioMetrics() = default;

  virtual const std::vector<std::string>& counters() const = 0;  // Names: "impression", "click", ...
  virtual const std::vector<RatioMetric>& ratios() const = 0;    // By index into counters().
  // Adds one step of one user to `sums` [counters]: its slate int32 [K] and response float32 [K, R].
  virtual void Count(const int32_t* slate, const float* response, double* sums) const = 0;
};

}  // namespace recbots
