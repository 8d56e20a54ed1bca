// The two directions along which points differ most (principal component analysis), for pictures of them.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/types/span.h"

namespace recbots {

// Of points with E coordinates; value type.
struct PrincipalAxes {
  std::vector<double> mean;     // [E]
  std::vector<double> axes[2];  // [E] each, of unit length and at right angles
  double explained = 0;         // The share of the variance along the two, 0..1; 0 where all points are one.

  // Where a point lies, float32 [E] -> its two coordinates.
  void Project(const float* point, float* xy) const;
};

// `points`: float32 [n, E], n and E at least 1. `before`, of the same E, turns the axes so that they point as those
// did: pictures of slowly moving points do not flip. nullptr, or another E: the largest coordinate of each axis is
// positive. Costs n E^2 multiply-adds. The same points give the same axes.
PrincipalAxes FindPrincipalAxes(absl::Span<const float> points, size_t coordinates, const PrincipalAxes* before);

}  // namespace recbots
