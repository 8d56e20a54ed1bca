// Adds up episodes, in the order of their numbers, to the metrics that are reported.
#pragma once

#include <cstdint>
#include <vector>

#include "actor/recsim/estimates.h"
#include "actor/recsim/scenario_metrics.h"
#include "actor/simulate/episode_block.h"
#include "actor/simulate/result.h"

namespace recbots {

// Memory does not grow with the number of episodes. Not thread-safe.
class EpisodeSums {
 public:
  // `metrics` may be nullptr and must outlive the sums.
  explicit EpisodeSums(const ScenarioMetrics* metrics);

  void Add(const EpisodeBlock& block);

  int64_t episodes() const { return episodes_; }
  int64_t env_steps() const { return env_steps_; }
  std::vector<MetricEstimate> Estimates() const;

 private:
  struct Ratio {
    const char* unit;
    std::string name;
    size_t numerator;
    size_t denominator;
    RatioEstimate estimate;
  };

  const size_t num_counts_;
  std::vector<Ratio> ratios_;
  MeanEstimate returns_;
  int64_t episodes_ = 0;
  int64_t env_steps_ = 0;
};

}  // namespace recbots
