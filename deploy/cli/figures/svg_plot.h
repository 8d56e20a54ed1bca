// Draws line plots as SVG: axes with readable numbers, a band around each line, a legend, horizontal reference lines.
#pragma once

#include <string>
#include <vector>

namespace recbots {

struct PlotSeries {
  std::string label;
  std::vector<double> x, y, low, high;  // All of the same length.
};

struct PlotLevel {
  std::string label;
  double y = 0;
};

struct Plot {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<PlotSeries> series;
  std::vector<PlotLevel> levels;  // Dashed lines, with their names at the right end.
};

// Renders 900 x 520 pixels on white, so that the plot can be read on any page. The axes cover everything and end at
// round numbers; without series and levels they go from 0 to 1. A pure function.
std::string RenderSvg(const Plot& plot);

// The distance between marks on an axis that is `range` > 0 long: the smallest of 1, 2 or 5 times a power of ten with
// which there are at most about `count` intervals.
double TickStep(double range, int count);

// 300000 -> "300 k", 2500000 -> "2.5 M", 0.25 -> "0.25".
std::string ShortNumber(double value);

}  // namespace recbots
