#include "deploy/cli/reproduce/learning_curve.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"

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

}  // namespace

absl::StatusOr<Curve> ReadCurve(const std::string& path) {
  RECBOTS_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  Curve curve;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const nlohmann::json json = nlohmann::json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("env_steps") || !json.contains("value")) continue;
    if (!json["env_steps"].is_number() || !json["value"].is_number()) continue;
    const CurvePoint point = {json["env_steps"].get<double>(), json["value"].get<double>()};
    if (curve.empty() || point.env_steps > curve.back().env_steps) curve.push_back(point);
  }
  return curve;
}

CurveBand MakeBand(absl::Span<const Curve> curves, int num_points) {
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
    double sum = 0, low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Curve* curve : used) {
      const double value = ValueAt(*curve, at);
      sum += value;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    band.env_steps.push_back(at);
    band.mean.push_back(sum / static_cast<double>(used.size()));
    band.low.push_back(low);
    band.high.push_back(high);
  }
  return band;
}

}  // namespace recbots
