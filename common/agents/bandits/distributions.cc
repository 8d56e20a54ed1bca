#include "common/agents/bandits/distributions.h"

#include <cmath>

#include "common/base/log.h"

namespace recbots {

double SampleGamma(double shape, Rng& draws) {
  RECBOTS_CHECK(shape > 0) << "shape " << shape << ", want > 0";
  // A gamma draw of a shape below 1 is a gamma draw of shape + 1 times a power of a uniform number in (0, 1].
  const double boost = shape < 1 ? std::pow(1 - draws.Uniform(), 1 / shape) : 1;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
  const double c = 1 / std::sqrt(9 * d);
  while (true) {
    const double z = draws.Normal();
    const double root = 1 + c * z;
    if (root <= 0) continue;
    const double v = root * root * root;
    if (std::log(1 - draws.Uniform()) < 0.5 * z * z + d * (1 - v + std::log(v))) return boost * d * v;
  }
}

double SampleBeta(double a, double b, Rng& draws) {
  const double first = SampleGamma(a, draws);
  const double second = SampleGamma(b, draws);
  // Both underflow to 0 only for shapes near 0, where the distribution is nearly a coin.
  if (first + second <= 0) return BernoulliReward(a / (a + b), draws.Uniform());
  return first / (first + second);
}

}  // namespace recbots
