// The videos of interest evolution. A video is one random number of 32 bits: all its properties follow from that number
// and the scenario's settings, and are computed when they are needed. So a candidate takes four bytes, and the
// qualities of videos that are not shown cost nothing.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// Mean qualities of F clusters: floor(0.7 F) from min_utility to 0, then floor(0.3 F) from 0 to max_utility, each range
// evenly spaced with both ends. If the two counts do not add up to F (3 + 1 for F = 5, with which RecSim stops with an
// error), the remaining clusters have mean 0.
std::vector<double> ClusterMeans(int num_clusters, double min_utility, double max_utility);

// The cluster of a video: uniform in 0..F-1.
inline uint32_t VideoCluster(uint32_t video, uint32_t num_clusters) { return IndexFrom(video, num_clusters); }

// The x with P(normal < x) = u, for u in (0, 1): rational approximations of Wichura 1988 (algorithm AS 241, PPND7),
// about 7 digits for u and 1 - u above 2e-11.
double NormalQuantileTail(double q);
inline double NormalQuantile(double u) {
  const double q = u - 0.5;
  if (std::abs(q) > 0.425) return NormalQuantileTail(q);
  const double r = 0.180625 - q * q;
  const double above = (59.109374720 * r + 159.29113202) * r + 50.434271938;
  const double below = (67.187563600 * r + 78.757757664) * r + 17.895169469;
  return q * (above * r + 3.3871327179) / (below * r + 1.0);
}

// A standard normal number, independent of VideoCluster: the fractional part of F video 2^-32, whose integer part is
// the cluster, is again uniform, in steps of F 2^-32.
inline double VideoNormal(uint32_t video, uint32_t num_clusters) {
  return NormalQuantile((static_cast<double>(video * num_clusters) + 0.5) * 0x1p-32);
}

// A video of the uniform sampler: its features, uniform in [low, high), and the standard normal number behind its
// length. Both are drawn from the video's own streams.
void UniformVideoFeatures(uint32_t video, double low, double high, absl::Span<double> features);
double UniformVideoLength(uint32_t video);

}  // namespace recbots
