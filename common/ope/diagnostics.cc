#include "common/ope/diagnostics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "common/base/log.h"

namespace recbots {

bool WeightDiagnostics::MeanIsOne() const {
  return weights < 2 || std::abs(mean - 1) <= std::max(1e-4, 3 * mean_standard_error);
}

WeightDiagnostics Diagnose(absl::Span<const double> weights) {
  RECBOTS_CHECK(!weights.empty());
  WeightDiagnostics result;
  result.weights = static_cast<int64_t>(weights.size());
  const auto count = static_cast<double>(weights.size());
  double sum = 0;
  double squares = 0;
  int64_t zeros = 0;
  for (const double weight : weights) {
    sum += weight;
    squares += weight * weight;
    zeros += weight == 0;
    result.largest = std::max(result.largest, weight);
  }
  result.mean = sum / count;
  double deviations = 0;
  for (const double weight : weights) deviations += (weight - result.mean) * (weight - result.mean);
  result.mean_standard_error = weights.size() < 2 ? std::nan("") : std::sqrt(deviations / (count * (count - 1)));
  result.zero_share = static_cast<double>(zeros) / count;
  result.effective_sample_size = squares > 0 ? sum * sum / squares : 0;
  result.largest_share = sum > 0 ? result.largest / sum : 0;
  std::vector<double> sorted(weights.begin(), weights.end());
  const size_t top = (sorted.size() + 99) / 100;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(top - 1), sorted.end(), std::greater<>());
  double top_sum = 0;
  for (size_t i = 0; i < top; ++i) top_sum += sorted[i];
  result.top_percent_share = sum > 0 ? top_sum / sum : 0;
  return result;
}

}  // namespace recbots
