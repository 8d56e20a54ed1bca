#include "actor/scenarios/interest_evolution/videos.h"

#include <algorithm>

#include "common/base/random_batch.h"

namespace recbots {
namespace {

constexpr uint64_t kVideoKey = 0x7669646573;  // Fixed, so that a number means the same video in every run.

// Appends n evenly spaced numbers from first to last.
void AppendEvenly(double first, double last, int n, std::vector<double>& out) {
  for (int i = 0; i < n; ++i)
    out.push_back(n == 1 || i < n - 1 ? first + i * ((last - first) / std::max(1, n - 1)) : last);
}

}  // namespace

std::vector<double> ClusterMeans(int num_clusters, double min_utility, double max_utility) {
  std::vector<double> means;
  // In floating point, as RecSim rounds: 0.7 x 90 is a little less than 63.
  AppendEvenly(min_utility, 0.0, static_cast<int>(0.7 * num_clusters), means);
  AppendEvenly(0.0, max_utility, static_cast<int>(0.3 * num_clusters), means);
  means.resize(static_cast<size_t>(num_clusters), 0.0);
  return means;
}

double NormalQuantileTail(double q) {
  const double r = std::sqrt(-std::log(std::min(0.5 + q, 0.5 - q))) - 1.6;
  const double above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777;
  const double below = (0.12021132975 * r + 0.73700164250) * r + 1.0;
  return std::copysign(above / below, q);
}

void UniformVideoFeatures(uint32_t video, double low, double high, absl::Span<double> features) {
  // Compute several blocks together, because the processor need not wait for one to begin the next.
  BlockRun run;
  run.Fill(kVideoKey, Purpose::kDocument, {.stream = video}, static_cast<uint32_t>((features.size() + 3) / 4));
  const uint32_t* const numbers = run.numbers();
  for (size_t k = 0; k < features.size(); ++k) features[k] = low + (high - low) * UniformFrom(numbers[k]);
}

double UniformVideoLength(uint32_t video) {
  return NormalQuantile((Rng(kVideoKey, Purpose::kDocument, {.stream = video, .step = 1}).Bits() + 0.5) * 0x1p-32);
}

}  // namespace recbots
