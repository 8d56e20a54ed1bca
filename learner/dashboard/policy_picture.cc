#include "learner/dashboard/policy_picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace recbots {
namespace {

using Colour = std::array<double, 3>;

constexpr Colour kLow = {238, 241, 245}, kHigh = {11, 91, 191}, kMark = {217, 95, 2};
constexpr size_t kLeastSide = 200;

Colour Mix(const Colour& a, const Colour& b, double part) {
  Colour mixed;
  for (size_t i = 0; i < mixed.size(); ++i) mixed[i] = a[i] + (b[i] - a[i]) * part;
  return mixed;
}

std::vector<Colour> CellsOf(const PolicyMap& map) {
  std::vector<Colour> cells(map.rows * map.columns, kLow);
  if (!map.rewards.empty()) {
    const auto [low, high] = std::minmax_element(map.rewards.begin(), map.rewards.end());
    const double range = std::max(1e-9, static_cast<double>(*high - *low));
    for (size_t i = 0; i < cells.size(); ++i) {
      cells[i] = Mix(kLow, kHigh, 0.6 * static_cast<double>(map.rewards[i] - *low) / range);
    }
  }
  for (const auto& [cell, share] : map.recommended) {
    cells[cell] = Mix(cells[cell], kMark, std::min(1.0, 0.4 + 0.6 * static_cast<double>(share)));
  }
  return cells;
}

}  // namespace

Picture PictureOf(const PolicyMap& map) {
  const std::vector<Colour> cells = CellsOf(map);
  const size_t side = (kLeastSide + std::max(map.rows, map.columns) - 1) / std::max(map.rows, map.columns);
  Picture picture{static_cast<uint32_t>(map.columns * side), static_cast<uint32_t>(map.rows * side), {}};
  for (size_t y = 0; y < picture.height; ++y) {
    for (size_t x = 0; x < picture.width; ++x) {
      for (const double part : cells[y / side * map.columns + x / side]) {
        picture.rgb += static_cast<char>(std::lround(part));
      }
    }
  }
  return picture;
}

}  // namespace recbots
