// Standard normal numbers for hot loops: the ziggurat method (Marsaglia and Tsang 2000), one 32-bit draw and no
// transcendental function in 98.8 % of calls, about 10 times the speed of Rng::Normal.
//
// Layer, sign and place within the layer come from different bits of the draw (Doornik 2005 showed that sharing them
// correlates the numbers). The resolution is 2^-23 of a layer's width, as in a float. The tail is exact beyond 3.654.
#pragma once

#include <cstdint>

#include "common/base/random.h"

namespace recbots {

// 256 layers of equal area under exp(-x^2 / 2); the lowest layer includes the tail.
struct ZigguratTable {
  static constexpr int kLayers = 256;

  ZigguratTable();

  double scale[kLayers];        // Width of the layer / 2^23.
  int32_t inside[kLayers];      // A |place| below this also lies within the layer above: it is accepted at once.
  double density[kLayers + 1];  // exp(-x^2 / 2) at the layer's right end.
};

extern const ZigguratTable kZiggurat;

// Decides the rare cases: the tail, and the wedge at the edge of a layer. Returns whether `x` is accepted; in the tail
// it first replaces `x` by a draw from there.
bool AcceptZigguratEdge(int layer, double& x, Rng& draws);

inline double FastNormal(Rng& draws) {
  while (true) {
    const uint32_t bits = draws.Bits();
    const auto layer = static_cast<int>(bits & 0xFF);
    const int32_t place = static_cast<int32_t>(bits) >> 8;  // -2^23 .. 2^23 - 1
    double x = (place + 0.5) * kZiggurat.scale[layer];
    const int32_t distance = place < 0 ? -place - 1 : place;
    if (distance < kZiggurat.inside[layer] || AcceptZigguratEdge(layer, x, draws)) return x;
  }
}

}  // namespace recbots
