#include "replay/table/importance_weights.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"

namespace recbots::replay {

void ImportanceWeights(absl::Span<const float> probabilities, double beta, absl::Span<float> weights) {
  RECBOTS_CHECK(probabilities.size() == weights.size());
  if (probabilities.empty()) return;
  const double rarest = *std::min_element(probabilities.begin(), probabilities.end());
  std::transform(probabilities.begin(), probabilities.end(), weights.begin(), [=](float probability) {
    return static_cast<float>(std::pow(rarest / static_cast<double>(probability), beta));
  });
}

}  // namespace recbots::replay
