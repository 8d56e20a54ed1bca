#include "replay/client/importance_weights.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"

namespace recbots::replay {

void ImportanceWeights(absl::Span<const float> probabilities, int64_t /*num_rows*/, double beta,
                       absl::Span<float> weights) {
  RECBOTS_CHECK(weights.size() == probabilities.size());
  if (beta == 0 || probabilities.empty()) {
    std::fill(weights.begin(), weights.end(), 1.0F);
    return;
  }
  // max_j w_j is that of the least probability (the greatest, for a negative beta), so w_i = (p_rarest / p_i)^beta.
  const auto [least, most] = std::minmax_element(probabilities.begin(), probabilities.end());
  if (*least == *most) {
    std::fill(weights.begin(), weights.end(), 1.0F);
    return;
  }
  const double rarest = beta > 0 ? *least : *most;
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = static_cast<float>(std::pow(rarest / double{probabilities[i]}, beta));
  }
}

}  // namespace recbots::replay
