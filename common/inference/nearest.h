// Finds the items nearest to a point exactly, by looking at all of them. This is right for the candidates of one user;
// catalogues of a million items need an index.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace recbots {

// Maps floats to unsigned integers in the same order.
inline uint32_t OrderedBits(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return bits ^ ((bits >> 31) != 0 ? 0xFFFFFFFFu : 0x80000000u);
}

// A distance and a position as one number, which is ordered by distance and then by position.
inline uint64_t NearnessKey(float distance, uint32_t position) {
  return uint64_t{OrderedBits(distance)} << 32 | position;
}
inline int32_t PositionOf(uint64_t key) { return static_cast<int32_t>(static_cast<uint32_t>(key)); }

// Puts the k smallest keys in front, k in 1..N. The order within the front, and behind it, is not specified.
inline void PutNearestFirst(int k, absl::Span<uint64_t> keys) {
  if (static_cast<size_t>(k) < keys.size()) std::nth_element(keys.begin(), keys.begin() + k - 1, keys.end());
}

// Fills keys [N] from the distances [N] of items, with the k nearest items in front. Of equal distances the lower
// position is the nearer one.
inline void SortNearest(const float* distances, int k, absl::Span<uint64_t> keys) {
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = NearnessKey(distances[i], static_cast<uint32_t>(i));
  PutNearestFirst(k, keys);
}

// Does the same for the squared distances of items float32 [N, D] to `point` [D].
inline void SortNearest(const float* point, const float* items, size_t num_features, int k, absl::Span<uint64_t> keys) {
  for (size_t i = 0; i < keys.size(); ++i, items += num_features) {
    float distance = 0;
    for (size_t d = 0; d < num_features; ++d) distance += (point[d] - items[d]) * (point[d] - items[d]);
    keys[i] = NearnessKey(distance, static_cast<uint32_t>(i));
  }
  PutNearestFirst(k, keys);
}

}  // namespace recbots
