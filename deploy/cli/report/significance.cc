#include "deploy/cli/report/significance.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/base/student.h"

namespace recbots {
namespace {

// Scatter below this share of the values is that of rounding.
constexpr double kRounding = 1e-9;

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
  comparison.p = 2 * StudentCdf(-std::abs(comparison.difference) / error, comparison.degrees);
  comparison.half_width = StudentQuantile(0.975, comparison.degrees) * error;
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
