#include "common/algorithms/value_loss.h"

#include <algorithm>
#include <cmath>

#include "common/inference/value_head.h"

namespace recbots {

double QuantileLoss(absl::Span<const double> quantiles, absl::Span<const double> atoms, absl::Span<const double> shares,
                    double kappa, absl::Span<double> gradient) {
  std::fill(gradient.begin(), gradient.end(), 0.0);
  double loss = 0;
  for (size_t j = 0; j < atoms.size(); ++j) {
    if (shares[j] == 0) continue;
    for (size_t i = 0; i < quantiles.size(); ++i) {
      const double u = atoms[j] - quantiles[i], size = std::abs(u);
      const double tau = (static_cast<double>(i) + 0.5) / static_cast<double>(quantiles.size());
      const double weight = shares[j] * (u < 0 ? 1 - tau : tau);
      if (size < kappa) {
        loss += weight * u * u / (2 * kappa);
        gradient[i] -= weight * u / kappa;
      } else {
        loss += weight * (size - kappa / 2);
        gradient[i] -= u < 0 ? -weight : u > 0 ? weight : 0 * u;  // NaN stays.
      }
    }
  }
  return loss;
}

double TwoHotLoss(absl::Span<const double> logits, double target, absl::Span<const float> bins,
                  absl::Span<double> gradient) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    gradient[i] = std::exp(logits[i] - top);
    total += gradient[i];
  }
  for (double& share : gradient) share /= total;
  const TwoHot two = TwoHotOf(target, bins);
  const double log_total = top + std::log(total);
  gradient[two.first] -= two.share;
  gradient[two.first + 1] -= 1 - two.share;
  return log_total - two.share * logits[two.first] - (1 - two.share) * logits[two.first + 1];
}

}  // namespace recbots
