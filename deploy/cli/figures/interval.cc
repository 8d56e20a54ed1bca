#include "deploy/cli/figures/interval.h"

#include <cmath>
#include <iterator>
#include <limits>

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
  return {mean, StudentT95(static_cast<int>(values.size()) - 1) * std::sqrt(squares / (n - 1) / n)};
}

double StudentT95(int degrees) {
  static constexpr double kTable[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281};
  if (degrees <= static_cast<int>(std::size(kTable))) return kTable[degrees - 1];
  // The expansion about the normal quantile (Abramowitz and Stegun 1964, 26.7.5).
  constexpr double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  const double n = degrees;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

}  // namespace recbots
