#include "common/base/fast_normal.h"

#include <cmath>

namespace recbots {
namespace {

// Right end of the lowest of 256 layers (ibid., section 2). The common area of the layers follows from it;
// fast_normal_test.cc checks that the topmost layer then ends at x = 0.
constexpr double kRightEnd = 3.6541528853610088;
constexpr double kPlaces = 8388608;  // 2^23

double Density(double x) { return std::exp(-0.5 * x * x); }

}  // namespace

ZigguratTable::ZigguratTable() {
  const double tail = std::sqrt(std::acos(-1.0) / 2) * std::erfc(kRightEnd / std::sqrt(2.0));
  const double area = kRightEnd * Density(kRightEnd) + tail;
  // Layer 0 is a rectangle of the common area; its part beyond kRightEnd stands for the tail.
  double x = area / Density(kRightEnd);
  for (int layer = 0; layer < kLayers; ++layer) {
    const double height = layer == 0 ? 0 : Density(x);
    double above = kRightEnd;  // Right end of the layer above.
    if (layer > 0) above = layer + 1 == kLayers ? 0 : std::sqrt(-2 * std::log(area / x + height));
    scale[layer] = x / kPlaces;
    inside[layer] = static_cast<int32_t>(above / x * kPlaces);
    density[layer] = height;
    x = above;
  }
  density[kLayers] = 1;
}

const ZigguratTable kZiggurat;

bool AcceptZigguratEdge(int layer, double& x, Rng& draws) {
  if (layer > 0) {
    const double low = kZiggurat.density[layer];
    const double high = kZiggurat.density[layer + 1];
    return low + (high - low) * draws.Uniform() < Density(x);
  }
  if (std::fabs(x) < kRightEnd) return true;
  while (true) {  // Marsaglia 1964: exponential beyond the right end, accepted against the normal.
    const double step = -std::log(1 - draws.Uniform()) / kRightEnd;
    const double bar = -std::log(1 - draws.Uniform());
    if (2 * bar < step * step) continue;
    x = x < 0 ? -(kRightEnd + step) : kRightEnd + step;
    return true;
  }
}

}  // namespace recbots
