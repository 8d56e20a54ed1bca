// Learning curves of several seeds, and the band they make.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace recbots {

struct CurvePoint {
  double env_steps = 0;
  double value = 0;
};
// In the order of env_steps.
using Curve = std::vector<CurvePoint>;

// Reads the evaluations.jsonl of a run (docs/formats.md). Lines that are no evaluation, such as the last line of a run
// that was killed, are left out.
//   NOT_FOUND, UNAVAILABLE  the file cannot be read
absl::StatusOr<Curve> ReadCurve(const std::string& path);

// Mean, lowest and highest value of several curves at common points.
struct CurveBand {
  std::vector<double> env_steps, mean, low, high;
};

// Computes the band at `num_points` >= 2 evenly spaced points of the range that all curves cover, by linear
// interpolation. Empty curves do not count; if there is no other, or no common range, the band is empty.
CurveBand MakeBand(absl::Span<const Curve> curves, int num_points);

// The same with the 95 % interval of the mean over curves (MeanInterval) instead of the lowest and highest value; of a
// single curve both are its value.
CurveBand MakeIntervalBand(absl::Span<const Curve> curves, int num_points);

}  // namespace recbots
