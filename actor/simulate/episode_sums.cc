#include "actor/simulate/episode_sums.h"

#include <cmath>

namespace recbots {

EpisodeSums::EpisodeSums(const ScenarioMetrics* metrics)
    : num_counts_(EpisodeCount::kFirstCounter + (metrics != nullptr ? metrics->counters().size() : 0)) {
  ratios_ = {{"reward per episode", "AverageEpisodeRewards", EpisodeCount::kReward, EpisodeCount::kUsers, {}},
             {"steps per episode", "AverageEpisodeLength", EpisodeCount::kSteps, EpisodeCount::kUsers, {}},
             {"share of episodes", "TerminatedShare", EpisodeCount::kTerminated, EpisodeCount::kUsers, {}},
             {"share of episodes", "TruncatedShare", EpisodeCount::kTruncated, EpisodeCount::kUsers, {}}};
  if (metrics == nullptr) return;
  for (const RatioMetric& ratio : metrics->ratios()) {
    ratios_.push_back({"ratio",
                       ratio.name,
                       EpisodeCount::kFirstCounter + static_cast<size_t>(ratio.numerator),
                       EpisodeCount::kFirstCounter + static_cast<size_t>(ratio.denominator),
                       {}});
  }
}

void EpisodeSums::Add(const EpisodeBlock& block) {
  episodes_ += block.num_episodes;
  for (const double reward : block.rewards) returns_.Add(reward);
  for (size_t row = 0; row < block.counts.size(); row += num_counts_) {
    const double* const counts = block.counts.data() + row;
    env_steps_ += static_cast<int64_t>(counts[EpisodeCount::kSteps]);
    for (Ratio& ratio : ratios_) ratio.estimate.Add(counts[ratio.numerator], counts[ratio.denominator]);
  }
}

std::vector<MetricEstimate> EpisodeSums::Estimates() const {
  std::vector<MetricEstimate> estimates;
  for (const Ratio& ratio : ratios_) {
    if (ratio.estimate.denominator() == 0) continue;
    estimates.push_back({ratio.name, ratio.unit, ratio.estimate.value(), ratio.estimate.standard_error()});
    if (estimates.size() == 1) {
      estimates.push_back({"StdEpisodeRewards", "reward per episode", returns_.population_deviation()});
    }
  }
  return estimates;
}

}  // namespace recbots
