// A line plot as SVG text: axes with readable numbers, a band about each line, a legend, horizontal reference lines.
#pragma once

#include <string>
#include <vector>

namespace recbots {

struct PlotSeries {
  std::string label;
  std::vector<double> x, y, low, high;  // As long as each other.
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
  std::vector<PlotLevel> levels;  // Dashed, named at the right end.
};

// 900 x 520, on white, so that it can be read on any page. The axes hold everything and end at round numbers. Without
// series or levels: axes from 0 to 1. A function of the plot alone.
std::string RenderSvg(const Plot& plot);

// Distance of the marks of an axis that is `range` > 0 long: 1, 2 or 5 times a power of ten, such that about `count`
// of them fit.
double TickStep(double range, int count);

// 300000 -> "300 k", 2500000 -> "2.5 M", 0.25 -> "0.25".
std::string ShortNumber(double value);

}  // namespace recbots
