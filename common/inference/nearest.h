// The items nearest to a point, exactly, by looking at all of them: right for the candidates of one user. (Catalogues
// of a million items need an index.)
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace recbots {

// Floats in the order of their values, as unsigned integers.
inline uint32_t OrderedBits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFu : 0x80000000u);
}

// A distance and a position as one number that orders by distance, then by position.
inline uint64_t NearnessKey(float distance, uint32_t position) {
  return uint64_t{OrderedBits(distance)} << 32 | position;
}
inline int32_t PositionOf(uint64_t key) { return static_cast<int32_t>(static_cast<uint32_t>(key)); }

// Puts the k smallest keys (1..N) in front; within the front and behind it the order is not specified.
inline void PutNearestFirst(int k, absl::Span<uint64_t> keys) {
  if (static_cast<size_t>(k) < keys.size()) std::nth_element(keys.begin(), keys.begin() + k - 1, keys.end());
}

// Fills keys [N] with those of items whose distances are known, the k nearest in front; equal distances go to the lower
// position.
inline void SortNearest(const float* distances, int k, absl::Span<uint64_t> keys) {
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = NearnessKey(distances[i], static_cast<uint32_t>(i));
  PutNearestFirst(k, keys);
}

// Fills keys [N] with those of items float32 [N, D] by their squared distance to `point` [D]; otherwise the same.
inline void SortNearest(const float* point, const float* items, size_t num_features, int k, absl::Span<uint64_t> keys) {
  for (size_t i = 0; i < keys.size(); ++i, items += num_features) {
    float distance = 0;
    for (size_t d = 0; d < num_features; ++d) distance += (point[d] - items[d]) * (point[d] - items[d]);
    keys[i] = NearnessKey(distance, static_cast<uint32_t>(i));
  }
  PutNearestFirst(k, keys);
}

}  // namespace recbots
