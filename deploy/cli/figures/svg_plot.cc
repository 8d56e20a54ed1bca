#include "deploy/cli/figures/svg_plot.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace recbots {
namespace {

constexpr double kWidth = 900, kHeight = 520;
constexpr double kLeft = 70, kRight = 170, kTop = 50, kBottom = 60;  // Margins.
constexpr double kTextHeight = 15;
// The colours of Okabe and Ito, which people with any colour vision can tell apart.
constexpr const char* kColors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"};

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// One axis: its ends, and the distance between marks.
struct Axis {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double step = 1;

  void Include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void Round(int count) {
    if (!(low <= high)) low = 0, high = 1;
    if (low == high) high = low + 1;
    step = TickStep(high - low, count);
    low = std::floor(low / step + 1e-9) * step;
    high = std::ceil(high / step - 1e-9) * step;
  }
};

class Painter {
 public:
  explicit Painter(const Plot& plot) : plot_(plot) {
    for (const PlotSeries& series : plot.series) {
      for (const double value : series.x) x_.Include(value);
      for (const double value : series.low) y_.Include(value);
      for (const double value : series.high) y_.Include(value);
    }
    for (const PlotLevel& level : plot.levels) y_.Include(level.y);
    if (x_.low > 0 && x_.low < 0.5 * x_.high)
      x_.low = 0;  // Runs begin at 0, even if their first evaluation came later.
    x_.Round(6);
    y_.Round(7);
  }

  std::string Paint() {
    absl::StrAppendFormat(&svg_,
                          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" font-family=\"sans-serif\" "
                          "font-size=\"13\" role=\"img\" aria-label=\"%s\">\n<rect width=\"%g\" height=\"%g\" "
                          "fill=\"white\"/>\n",
                          kWidth, kHeight,
                          Escape(absl::StrCat(plot_.title, ": ", plot_.y_label, " over ", plot_.x_label)), kWidth,
                          kHeight);
    Text(kLeft, kTop - 22, "start", plot_.title, " font-size=\"16\" font-weight=\"bold\"");
    PaintAxes();
    PaintLevels();
    PaintLegend();  // Before the curves, so that they are visible where they cross it.
    for (size_t i = 0; i < plot_.series.size(); ++i) PaintSeries(plot_.series[i], Color(i));
    svg_ += "</svg>\n";
    return svg_;
  }

 private:
  static const char* Color(size_t series) { return kColors[series % std::size(kColors)]; }
  double X(double value) const { return kLeft + (value - x_.low) / (x_.high - x_.low) * (kWidth - kLeft - kRight); }
  double Y(double value) const {
    return kHeight - kBottom - (value - y_.low) / (y_.high - y_.low) * (kHeight - kTop - kBottom);
  }

  void Text(double x, double y, const char* anchor, const std::string& text, const std::string& attributes = "") {
    absl::StrAppendFormat(&svg_, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor,
                          attributes, Escape(text));
  }
  void Line(double x1, double y1, double x2, double y2, const char* attributes) {
    absl::StrAppendFormat(&svg_, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>\n", x1, y1, x2, y2,
                          attributes);
  }

  void PaintAxes() {
    const double right = kWidth - kRight, bottom = kHeight - kBottom;
    const int num_y = static_cast<int>(std::lround((y_.high - y_.low) / y_.step));
    for (int i = 0; i <= num_y; ++i) {
      const double value = y_.low + i * y_.step;
      Line(kLeft, Y(value), right, Y(value), "stroke=\"#dddddd\"");
      Text(kLeft - 8, Y(value) + 4, "end", ShortNumber(value));
    }
    const int num_x = static_cast<int>(std::lround((x_.high - x_.low) / x_.step));
    for (int i = 0; i <= num_x; ++i) {
      const double value = x_.low + i * x_.step;
      Line(X(value), bottom, X(value), bottom + 5, "stroke=\"black\"");
      Text(X(value), bottom + 20, "middle", ShortNumber(value));
    }
    Line(kLeft, bottom, right, bottom, "stroke=\"black\"");
    Line(kLeft, kTop, kLeft, bottom, "stroke=\"black\"");
    Text((kLeft + right) / 2, kHeight - 15, "middle", plot_.x_label);
    const double middle = (kTop + bottom) / 2;
    Text(18, middle, "middle", plot_.y_label, absl::StrFormat(" transform=\"rotate(-90 18 %.1f)\"", middle));
  }

  // If levels lie close together, their names are moved apart, upwards.
  void PaintLevels() {
    std::vector<PlotLevel> levels = plot_.levels;
    std::sort(levels.begin(), levels.end(), [](const PlotLevel& a, const PlotLevel& b) { return a.y < b.y; });
    double above = kHeight;
    for (const PlotLevel& level : levels) {
      Line(kLeft, Y(level.y), kWidth - kRight, Y(level.y), "stroke=\"#666666\" stroke-dasharray=\"6 4\"");
      const double at = std::min(Y(level.y) + 4, above - kTextHeight);
      above = at;
      Text(kWidth - kRight + 6, at, "start", level.label, " fill=\"#444444\"");
    }
  }

  void PaintSeries(const PlotSeries& series, const char* color) {
    if (series.x.empty()) return;
    std::string band, line;
    for (size_t i = 0; i < series.x.size(); ++i) {
      absl::StrAppendFormat(&line, "%s%.1f,%.1f", i == 0 ? "" : " ", X(series.x[i]), Y(series.y[i]));
      absl::StrAppendFormat(&band, "%s%.1f,%.1f", i == 0 ? "" : " ", X(series.x[i]), Y(series.high[i]));
    }
    for (size_t i = series.x.size(); i-- > 0;) {
      absl::StrAppendFormat(&band, " %.1f,%.1f", X(series.x[i]), Y(series.low[i]));
    }
    absl::StrAppendFormat(&svg_, "<polygon points=\"%s\" fill=\"%s\" fill-opacity=\"0.2\"/>\n", band, color);
    absl::StrAppendFormat(&svg_, "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", line,
                          color);
  }

  // The legend is at the top left, where curves that rise slowly do not pass.
  void PaintLegend() {
    if (plot_.series.empty()) return;
    size_t longest = 0;
    for (const PlotSeries& series : plot_.series) longest = std::max(longest, series.label.size());
    absl::StrAppendFormat(&svg_,
                          "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"white\" "
                          "fill-opacity=\"0.85\"/>\n",
                          kLeft + 6, kTop + 1, 44 + 7.2 * static_cast<double>(longest),
                          8 + (kTextHeight + 3) * static_cast<double>(plot_.series.size()));
    double y = kTop + kTextHeight;
    for (size_t i = 0; i < plot_.series.size(); ++i, y += kTextHeight + 3) {
      const std::string attributes = absl::StrFormat("stroke=\"%s\" stroke-width=\"3\"", Color(i));
      Line(kLeft + 12, y - 4, kLeft + 36, y - 4, attributes.c_str());
      Text(kLeft + 42, y, "start", plot_.series[i].label);
    }
  }

  const Plot& plot_;
  Axis x_, y_;
  std::string svg_;
};

}  // namespace

std::string RenderSvg(const Plot& plot) { return Painter(plot).Paint(); }

double TickStep(double range, int count) {
  const double power = std::pow(10.0, std::floor(std::log10(range / count)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (range / (factor * power) <= count + 1e-9) return factor * power;
  }
  return 10 * power;
}

std::string ShortNumber(double value) {
  const double size = std::abs(value);
  if (size >= 1e6) return absl::StrFormat("%g M", value / 1e6);
  if (size >= 1e4) return absl::StrFormat("%g k", value / 1e3);
  return absl::StrFormat("%g", size < 1e-12 ? 0.0 : value);
}

}  // namespace recbots
