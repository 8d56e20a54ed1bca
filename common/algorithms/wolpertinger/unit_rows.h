// Rows scaled to unit length on plain memory, and back: part of fused_update.h. Lengths are taken as at least 1e-12.
//
// Letters: M rows, E numbers in a row.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace recbots {

// unit [M, E] = x [M, x_stride] / length [M], for the rows that `lengths` has.
inline void ScaleToUnit(const float* x, size_t x_stride, size_t size, std::vector<float>& lengths,
                        std::vector<float>& unit) {
  float* to = unit.data();
  for (float& length : lengths) {
    float sum = 0;
    for (size_t e = 0; e < size; ++e) sum += x[e] * x[e];
    length = std::sqrt(sum);
    if (length < 1e-12f) length = 1e-12f;
    for (size_t e = 0; e < size; ++e) to[e] = x[e] / length;
    x += x_stride;
    to += size;
  }
}

// The part of the gradient along the row is lost with its length: d_x [M, stride] = (d - unit (unit . d)) / length.
inline void ScaleToUnitBackward(const std::vector<float>& lengths, const std::vector<float>& unit,
                                const std::vector<float>& d_unit, float* d_x, size_t stride, size_t size) {
  const float* row = unit.data();
  const float* d = d_unit.data();
  for (const float length : lengths) {
    float along = 0;
    for (size_t e = 0; e < size; ++e) along += row[e] * d[e];
    for (size_t e = 0; e < size; ++e) d_x[e] = (d[e] - row[e] * along) / length;
    row += size;
    d += size;
    d_x += stride;
  }
}

}  // namespace recbots
