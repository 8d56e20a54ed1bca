#include "common/ope/estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/log.h"
#include "common/base/student.h"

namespace recbots {

Estimate Linearise(const EstimateParts& parts) {
  RECBOTS_CHECK(!parts.empty() && !parts[0].numerator.empty());
  const size_t sessions = parts[0].numerator.size();
  const auto count = static_cast<double>(sessions);
  Estimate estimate;
  std::vector<double> residuals(sessions, 0.0);
  for (const RatioPart& part : parts) {
    RECBOTS_CHECK(part.numerator.size() == sessions && part.denominator.size() == sessions);
    double above = 0;
    double below = 0;
    for (size_t s = 0; s < sessions; ++s) {
      above += part.numerator[s];
      below += part.denominator[s];
    }
    const double ratio = above / below;
    estimate.value += ratio;
    const double scale = count / below;
    for (size_t s = 0; s < sessions; ++s) {
      residuals[s] += (part.numerator[s] - ratio * part.denominator[s]) * scale;
    }
  }
  double squares = 0;
  for (const double residual : residuals) squares += residual * residual;
  estimate.standard_error =
      sessions < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares / (count * (count - 1)));
  if (!std::isfinite(estimate.value)) estimate.value = std::numeric_limits<double>::quiet_NaN();
  return estimate;
}

Interval StudentInterval(const Estimate& estimate, int64_t sessions, double level) {
  const double t = StudentQuantile(0.5 + level / 2, static_cast<double>(sessions - 1));
  return {estimate.value - t * estimate.standard_error, estimate.value + t * estimate.standard_error};
}

double BernsteinLowerBound(const Estimate& estimate, int64_t sessions, double bound, double level) {
  const auto count = static_cast<double>(sessions);
  const double logarithm = std::log(2 / (1 - level));
  const double spread = estimate.standard_error * std::sqrt(2 * logarithm);
  return std::max(0.0, estimate.value - spread - 7 * bound * logarithm / (3 * (count - 1)));
}

}  // namespace recbots
