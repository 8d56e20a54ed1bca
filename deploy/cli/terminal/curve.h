// A curve of braille characters: each cell has 2 x 4 dots.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// A horizontal line through the whole curve, drawn as dots between the curve's own.
struct CurveLevel {
  std::string name;
  double y = 0;
};

struct CurveRange {
  double low = 0;
  double high = 1;
};

// The range that holds all finite values and all levels; a range without an extent is widened. Without values 0..1.
CurveRange RangeOf(const std::vector<double>& y, const std::vector<CurveLevel>& levels);

// `rows` lines of `columns` cells each, the highest first. `x` must not descend, and x and y are of the same length;
// the first x is at the left edge, the last one at the right edge, and points are joined by lines. A value that is not
// finite interrupts the curve. Values outside of `range` are drawn at its edge. At least one row and one column.
std::vector<std::string> BrailleCurve(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<CurveLevel>& levels, const CurveRange& range, int columns,
                                      int rows);

}  // namespace recbots
