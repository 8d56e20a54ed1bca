// The exponential function for hot loops: inline, without the calls and special cases of the standard library's
// function, and with the same bits on every machine (where there is fused multiply-add, libraries use it, and then
// round differently).
#pragma once

#include <bit>
#include <cstdint>

namespace recbots {

// 2^(i / 32), correctly rounded.
inline constexpr double kExpTable[32] = {
    0x1.0000000000000p+0, 0x1.059b0d3158574p+0, 0x1.0b5586cf9890fp+0, 0x1.11301d0125b51p+0, 0x1.172b83c7d517bp+0,
    0x1.1d4873168b9aap+0, 0x1.2387a6e756238p+0, 0x1.29e9df51fdee1p+0, 0x1.306fe0a31b715p+0, 0x1.371a7373aa9cbp+0,
    0x1.3dea64c123422p+0, 0x1.44e086061892dp+0, 0x1.4bfdad5362a27p+0, 0x1.5342b569d4f82p+0, 0x1.5ab07dd485429p+0,
    0x1.6247eb03a5585p+0, 0x1.6a09e667f3bcdp+0, 0x1.71f75e8ec5f74p+0, 0x1.7a11473eb0187p+0, 0x1.82589994cce13p+0,
    0x1.8ace5422aa0dbp+0, 0x1.93737b0cdc5e5p+0, 0x1.9c49182a3f090p+0, 0x1.a5503b23e255dp+0, 0x1.ae89f995ad3adp+0,
    0x1.b7f76f2fb5e47p+0, 0x1.c199bdd85529cp+0, 0x1.cb720dcef9069p+0, 0x1.d5818dcfba487p+0, 0x1.dfc97337b9b5fp+0,
    0x1.ea4afa2a490dap+0, 0x1.f50765b6e4540p+0,
};

// exp(x) for x in -700 .. 700, within 2 units in the last place; undefined beyond. x = (32 n + i) ln(2) / 32 + r with
// |r| <= ln(2) / 64, and exp(r) by its Taylor series (Tang 1989, "Table-driven implementation of the exponential
// function").
inline double FastExp(double x) {
  constexpr double kPerStep = 0x1.71547652b82fep+5;  // 32 / ln(2)
  // ln(2) / 32 in two parts: the upper bits, whose products with 26-bit numbers are exact, and the rest.
  constexpr double kStepHigh = 0x1.62e42f8000000p-6;
  constexpr double kStepLow = 0x1.be8e7bcd5e4f2p-32;
  constexpr double kRound = 0x1.8p52;  // Adding it leaves 32 n + i in the lower bits.
  const double shifted = x * kPerStep + kRound;
  const double steps = shifted - kRound;
  const auto bits = std::bit_cast<uint64_t>(shifted);
  const double r = (x - steps * kStepHigh) - steps * kStepLow;
  const double square = r * r;
  const double series =
      r + square * ((0.5 + r * (1.0 / 6)) + square * ((1.0 / 24 + r * (1.0 / 120)) + square * (1.0 / 720)));
  const double value = kExpTable[bits & 31];
  // Adds n to the exponent; the shift drops the bits above n.
  return std::bit_cast<double>(std::bit_cast<uint64_t>(value + value * series) + (bits >> 5 << 52));
}

}  // namespace recbots
