#include "deploy/cli/figures/interval.h"

#include <cmath>
#include <limits>

#include "common/base/student.h"

namespace recbots {

Interval MeanInterval(absl::Span<const double> values, absl::Span<const double> standard_errors) {
  constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {kUnknown, kUnknown};
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  if (values.size() == 1) return {mean, standard_errors.empty() ? kUnknown : 1.96 * standard_errors[0]};
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, StudentQuantile(0.975, n - 1) * std::sqrt(squares / (n - 1) / n)};
}

}  // namespace recbots
