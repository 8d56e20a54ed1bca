#include "deploy/cli/report/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace recbots {
namespace {

// Scatter below this share of the values is that of rounding.
constexpr double kRounding = 1e-9;

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 1964, 26.5.8), evaluated from the front
// by Lentz's method.
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300, kEnough = 1e-15;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::abs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double fraction = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 + term * d;
      c = 1 + term / c;
      if (std::abs(d) < kTiny) d = kTiny;
      if (std::abs(c) < kTiny) c = kTiny;
      d = 1 / d;
      change = c * d;
      fraction *= change;
    }
    if (std::abs(change - 1) < kEnough) break;
  }
  return fraction;
}

// The regularised incomplete beta function I_x(a, b).
double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on one side of the mean; the other side is its complement.
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

struct Sample {
  double n = 0, mean = 0, variance = 0;  // Of the mean: s^2 / n.
};

Sample SampleOf(absl::Span<const double> values) {
  Sample sample;
  sample.n = static_cast<double>(values.size());
  sample.mean = std::accumulate(values.begin(), values.end(), 0.0) / sample.n;
  double squares = 0;
  for (const double value : values) squares += (value - sample.mean) * (value - sample.mean);
  const double deviation = std::sqrt(squares / (sample.n - 1));
  if (deviation > kRounding * std::abs(sample.mean)) sample.variance = deviation * deviation / sample.n;
  return sample;
}

}  // namespace

double StudentTail(double t, double degrees) { return IncompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t)); }

double StudentQuantile(double share, double degrees) {
  double low = 0, high = 1;
  while (StudentTail(high, degrees) > 1 - share) high *= 2;
  while (high - low > 1e-10 * high) {
    const double middle = (low + high) / 2;
    (StudentTail(middle, degrees) > 1 - share ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::optional<MeanComparison> CompareMeans(absl::Span<const double> a, absl::Span<const double> b) {
  if (a.size() < 2 || b.size() < 2) return std::nullopt;
  const Sample first = SampleOf(a), second = SampleOf(b);
  MeanComparison comparison;
  comparison.difference = second.mean - first.mean;
  const double variance = first.variance + second.variance;
  if (variance == 0) {
    const double size = std::max(std::abs(first.mean), std::abs(second.mean));
    comparison.p = std::abs(comparison.difference) <= kRounding * size ? 1 : 0;
    return comparison;
  }
  comparison.degrees =
      variance * variance /
      (first.variance * first.variance / (first.n - 1) + second.variance * second.variance / (second.n - 1));
  const double error = std::sqrt(variance);
  comparison.p = StudentTail(comparison.difference / error, comparison.degrees);
  comparison.half_width = StudentQuantile(0.95, comparison.degrees) * error;
  return comparison;
}

std::vector<double> HolmCorrected(const std::vector<double>& p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&p](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size());
  double highest = 0;
  for (size_t rank = 0; rank < order.size(); ++rank) {
    highest = std::max(highest, std::min(1.0, p[order[rank]] * static_cast<double>(p.size() - rank)));
    corrected[order[rank]] = highest;
  }
  return corrected;
}

}  // namespace recbots
