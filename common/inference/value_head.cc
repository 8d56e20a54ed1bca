#include "common/inference/value_head.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/fast_exp.h"

namespace recbots {

std::string HeadName(const std::string& network, const ValueHead& head) {
  switch (head.kind) {
    case ValueHead::Kind::kQuantile:
      return absl::StrCat(network, ".quantile");
    case ValueHead::Kind::kTwoHot:
      return absl::StrCat(network, ".two_hot");
    case ValueHead::Kind::kScalar:
      break;
  }
  return network;
}

std::vector<float> BinsOf(const ValueHead& head) {
  const auto n = static_cast<size_t>(head.atoms);
  std::vector<float> bins(n);
  for (size_t i = 0; i < n / 2; ++i) {
    const double place = 1 - 2 * static_cast<double>(i) / static_cast<double>(n - 1);
    const auto bin = static_cast<float>(std::expm1(place * std::log1p(head.range)));
    bins[i] = -bin;
    bins[n - 1 - i] = bin;
  }
  return bins;
}

TwoHot TwoHotOf(double value, absl::Span<const float> bins) {
  if (!(value > bins.front())) return {0, std::isnan(value) ? value : 1.0};
  if (value >= bins.back()) return {bins.size() - 2, 0.0};
  const auto next = static_cast<size_t>(std::upper_bound(bins.begin(), bins.end(), value) - bins.begin());
  const double low = bins[next - 1], high = bins[next];
  return {next - 1, (high - value) / (high - low)};
}

float MeanOfBins(const float* logits, absl::Span<const float> bins) {
  float top = logits[0];
  bool finite = true;
  for (size_t i = 0; i < bins.size(); ++i) {
    top = std::max(top, logits[i]);
    finite &= std::isfinite(logits[i]);
  }
  if (!finite) return std::nanf("");
  double total = 0, sum = 0;
  for (size_t i = 0; i < bins.size(); ++i) {
    const double weight = FastExp(std::max(-700.0, double{logits[i]} - double{top}));
    total += weight;
    sum += weight * double{bins[i]};
  }
  return static_cast<float>(sum / total);
}

}  // namespace recbots
