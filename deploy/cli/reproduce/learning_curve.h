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

// The evaluations.jsonl of a run (docs/formats.md). Lines that are not such an evaluation, as the last one of a run
// that was killed, are left out.
//   NOT_FOUND, UNAVAILABLE  the file cannot be read
absl::StatusOr<Curve> ReadCurve(const std::string& path);

// Mean, lowest and highest of several curves at common places.
struct CurveBand {
  std::vector<double> env_steps, mean, low, high;
};

// At `num_points` >= 2 even places of the range that all curves have, in between points linearly. Empty curves do not
// count; without any other, or without a common range, the band is empty.
CurveBand MakeBand(absl::Span<const Curve> curves, int num_points);

}  // namespace recbots
