// Random integers of 64 bits, for counts and sums over which 32 bits would not spread evenly.
#pragma once

#include <cstdint>

#include "common/base/random.h"

namespace recbots::replay {

// Uniform in [0, n), n >= 1: two draws of `rng`. The bias is below n / 2^64 (Lemire 2019, arXiv:1805.10941, without the
// rejection step).
inline uint64_t RandomBelow(Rng& rng, uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  const uint64_t high = rng.Bits();
  const uint64_t bits = high << 32 | rng.Bits();
  return static_cast<uint64_t>((Wide{bits} * n) >> 64);
}

}  // namespace recbots::replay
