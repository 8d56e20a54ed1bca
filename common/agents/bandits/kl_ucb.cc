#include "common/agents/bandits/kl_ucb.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace recbots {
namespace {

double XLogXOverY(double x, double y) {
  if (x == 0) return 0;
  return y == 0 ? std::numeric_limits<double>::infinity() : x * std::log(x / y);
}

}  // namespace

double BernoulliKl(double p, double q) { return XLogXOverY(p, q) + XLogXOverY(1 - p, 1 - q); }

double KlUpperBound(double mean, double bound) {
  if (!(bound > 0)) return mean;
  if (mean >= 1) return 1;
  if (mean <= 0) return -std::expm1(-bound);  // kl(0, q) = -ln(1-q).
  // Two upper bounds of the answer: from Pinsker's inequality kl >= 2 (q - mean)^2, and from kl(mean, q) without its
  // term -mean ln q >= 0. Starting from above, Newton's steps never cross the answer, because kl is convex in q.
  const double entropy = -mean * std::log(mean) - (1 - mean) * std::log1p(-mean);
  double q = std::min(mean + std::sqrt(bound / 2), -std::expm1(-(bound + entropy) / (1 - mean)));
  for (int i = 0; i < 100 && q < 1; ++i) {
    const double slope = (q - mean) / (q * (1 - q));
    const double step = slope > 0 ? (BernoulliKl(mean, q) - bound) / slope : 0;
    q -= step;
    if (!(step > 1e-13)) break;
  }
  return std::clamp(q, mean, 1.0);
}

double LegacyKlUpperBound(double mean, double bound) {
  double low = mean;
  double high = 1;
  double middle = mean;
  for (int i = 0; i < 16; ++i) {
    middle = (low + high) / 2;
    (BernoulliKl(low, middle) <= bound ? low : high) = middle;
  }
  return middle;
}

}  // namespace recbots
