#include "deploy/cli/figures/learning_curve.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "deploy/cli/figures/interval.h"
#include "learner/run/evaluation_lines.h"

namespace recbots {
namespace {

double ValueAt(const Curve& curve, double env_steps) {
  const auto after = std::lower_bound(curve.begin(), curve.end(), env_steps,
                                      [](const CurvePoint& point, double at) { return point.env_steps < at; });
  if (after == curve.end()) return curve.back().value;
  if (after == curve.begin() || after->env_steps == env_steps) return after->value;
  const CurvePoint& before = *(after - 1);
  const double share = (env_steps - before.env_steps) / (after->env_steps - before.env_steps);
  return before.value + share * (after->value - before.value);
}

// What a band shows at one place.
struct BandValue {
  double mean = 0, low = 0, high = 0;
};

// `value_of` makes it of the values of all curves there.
template <typename ValueOf>
CurveBand BandOf(absl::Span<const Curve> curves, int num_points, const ValueOf& value_of) {
  double first = 0, last = std::numeric_limits<double>::infinity();
  std::vector<const Curve*> used;
  for (const Curve& curve : curves) {
    if (curve.empty()) continue;
    used.push_back(&curve);
    first = std::max(first, curve.front().env_steps);
    last = std::min(last, curve.back().env_steps);
  }
  CurveBand band;
  if (used.empty() || !(first < last)) return band;
  for (int i = 0; i < num_points; ++i) {
    const double at = first + (last - first) * i / (num_points - 1);
    std::vector<double> values;
    for (const Curve* curve : used) values.push_back(ValueAt(*curve, at));
    const BandValue value = value_of(values);
    band.env_steps.push_back(at);
    band.mean.push_back(value.mean);
    band.low.push_back(value.low);
    band.high.push_back(value.high);
  }
  return band;
}

}  // namespace

absl::StatusOr<Curve> ReadCurve(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Curve curve;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::optional<EvaluationLine> said = ParseEvaluationLine(line);
    if (!said.has_value() || !said->env_steps.has_value() || !said->value.has_value()) continue;
    const CurvePoint point = {*said->env_steps, *said->value};
    if (curve.empty() || point.env_steps > curve.back().env_steps) curve.push_back(point);
  }
  return curve;
}

CurveBand MakeBand(absl::Span<const Curve> curves, int num_points) {
  return BandOf(curves, num_points, [](const std::vector<double>& values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    return BandValue{MeanInterval(values, {}).mean, *low, *high};
  });
}

CurveBand MakeIntervalBand(absl::Span<const Curve> curves, int num_points) {
  return BandOf(curves, num_points, [](const std::vector<double>& values) {
    const Interval interval = MeanInterval(values, {});
    const double half = std::isnan(interval.half_width) ? 0 : interval.half_width;
    return BandValue{interval.mean, interval.mean - half, interval.mean + half};
  });
}

}  // namespace recbots
