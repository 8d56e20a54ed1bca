#include "deploy/cli/terminal/curve.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace recbots {
namespace {

constexpr int kDotsAcross = 2, kDotsDown = 4;

// Dots, from the top left corner.
class Dots {
 public:
  Dots(int columns, int rows)
      : columns_(columns), rows_(rows), cells_(static_cast<size_t>(columns) * static_cast<size_t>(rows)) {}

  int across() const { return columns_ * kDotsAcross; }
  int down() const { return rows_ * kDotsDown; }

  void Set(int across, int down) {
    // Braille numbers the dots of its upper six by columns, and adds the lowest row behind them.
    static constexpr uint8_t kBits[kDotsDown][kDotsAcross] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const int cell = down / kDotsDown * columns_ + across / kDotsAcross;
    uint8_t& bits = cells_[static_cast<size_t>(cell)];
    bits = static_cast<uint8_t>(bits | kBits[down % kDotsDown][across % kDotsAcross]);
  }

  void Line(int x0, int y0, int x1, int y1) {
    const int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= steps; ++i) {
      const double share = static_cast<double>(i) / steps;
      Set(x0 + static_cast<int>(std::lround(share * (x1 - x0))), y0 + static_cast<int>(std::lround(share * (y1 - y0))));
    }
  }

  std::vector<std::string> Text() const {
    std::vector<std::string> lines;
    for (int row = 0; row < rows_; ++row) {
      std::string line;
      for (int column = 0; column < columns_; ++column) {
        const uint8_t bits = cells_[static_cast<size_t>(row * columns_ + column)];
        // U+2800 + bits, in UTF-8; an empty cell is a space, which every font has.
        if (bits == 0) {
          line += ' ';
        } else {
          line += {'\xe2', static_cast<char>(0xa0 | bits >> 6), static_cast<char>(0x80 | (bits & 0x3f))};
        }
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

 private:
  const int columns_, rows_;
  std::vector<uint8_t> cells_;
};

// Where `value` lies among `count` dots between low and high.
int DotOf(double value, double low, double high, int count) {
  const double share = high > low ? (value - low) / (high - low) : 0.5;
  return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * (count - 1)));
}

}  // namespace

CurveRange RangeOf(const std::vector<double>& y, const std::vector<CurveLevel>& levels) {
  CurveRange range = {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  const auto include = [&range](double value) {
    if (!std::isfinite(value)) return;
    range.low = std::min(range.low, value);
    range.high = std::max(range.high, value);
  };
  for (const double value : y) include(value);
  for (const CurveLevel& level : levels) include(level.y);
  if (range.low > range.high) return {0, 1};
  const double margin = std::max(1e-9, 0.05 * std::abs(range.low));
  return range.low == range.high ? CurveRange{range.low - margin, range.high + margin} : range;
}

std::vector<std::string> BrailleCurve(const std::vector<double>& x, const std::vector<double>& y,
                                      const std::vector<CurveLevel>& levels, const CurveRange& range, int columns,
                                      int rows) {
  Dots dots(std::max(columns, 1), std::max(rows, 1));
  const auto down_of = [&](double value) { return dots.down() - 1 - DotOf(value, range.low, range.high, dots.down()); };
  for (const CurveLevel& level : levels) {
    for (int across = 0; across < dots.across(); across += 4) dots.Set(across, down_of(level.y));
  }
  bool joined = false;
  int last_across = 0, last_down = 0;
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!std::isfinite(y[i]) || !std::isfinite(x[i])) {
      joined = false;
      continue;
    }
    const int across = x.size() == 1 ? dots.across() - 1 : DotOf(x[i], x.front(), x.back(), dots.across());
    const int down = down_of(y[i]);
    if (joined) {
      dots.Line(last_across, last_down, across, down);
    } else {
      dots.Set(across, down);
    }
    joined = true;
    last_across = across;
    last_down = down;
  }
  return dots.Text();
}

}  // namespace recbots
