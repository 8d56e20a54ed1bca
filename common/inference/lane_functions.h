// Functions of a register of floats (lanes.h) that activations are made of. They have the same bits on all processors
// with fused multiply-add, and no number depends on its neighbours.
#pragma once

#include <bit>
#include <cstdint>
#include <initializer_list>

#include "common/inference/lanes.h"

namespace recbots {

// exp(x), lane by lane, within 2 units in the last place for x in -87..88, beyond which it stays as it is there. NaN
// stays. x = n ln(2) + r with |r| <= ln(2) / 2, and exp(r) by its Taylor series, whose first term left out is below
// 2^-27.
inline Lanes ExpLanes(Lanes x) {
  using Bits = uint32_t __attribute__((vector_size(kLanes * sizeof(uint32_t))));
  const Lanes low = Broadcast(-87.0f), high = Broadcast(88.0f);
  x = x < low ? low : x;
  x = x > high ? high : x;
  const Lanes round = Broadcast(0x1.8p23f);  // Adding it leaves n in the lower bits.
  const Lanes shifted = MultiplyAdd(x, Broadcast(0x1.715476p+0f), round);
  const Lanes n = shifted - round;
  // ln(2) in two parts: nine bits, whose products with n are exact, and the rest.
  const Lanes r = MultiplyAdd(n, Broadcast(0x1.bd0106p-13f), MultiplyAdd(n, Broadcast(-0x1.63p-1f), x));
  Lanes series = Broadcast(1.0f / 5040);
  for (const float factor : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) {
    series = MultiplyAdd(series, r, Broadcast(factor));
  }
  const Bits exponent = std::bit_cast<Bits>(shifted) - std::bit_cast<Bits>(round) + 127;
  return series * std::bit_cast<Lanes>(exponent << 23);
}

// x / (1 + exp(-x)).
inline Lanes SiluLanes(const Lanes& x) { return x / (Broadcast(1.0f) + ExpLanes(-x)); }

// tanh(x), within 2^-23.
inline Lanes TanhLanes(const Lanes& x) {
  const Lanes one = Broadcast(1.0f);
  return one - Broadcast(2.0f) / (one + ExpLanes(x + x));
}

}  // namespace recbots
