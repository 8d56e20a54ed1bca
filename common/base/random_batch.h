// First blocks of many random streams at once: the numbers that Rng draws one by one, 2.5 times faster where there is
// AVX-512, because the rounds of neighbouring users run in the lanes of one vector register.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Blocks of up to kCapacity stream positions, lane by lane. 4 KiB: stays in the first-level cache.
class BlockBatch {
 public:
  static constexpr size_t kCapacity = 256;

  // Computes the first block of Rng(seed, purpose, positions[i]) for every i; at most kCapacity positions.
  void Fill(uint64_t seed, Purpose purpose, absl::Span<const StreamPosition> positions);

  // Of positions[i] of the last Fill.
  std::array<uint32_t, 4> block(size_t i) const { return {lanes_[0][i], lanes_[1][i], lanes_[2][i], lanes_[3][i]}; }

 private:
  alignas(64) uint32_t lanes_[4][kCapacity];
};

}  // namespace recbots
