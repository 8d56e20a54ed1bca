#include "learner/dashboard/series_page.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr size_t kMaxPoints = 2000;
constexpr size_t kMaxNames = 64;

struct Axis {
  const char* name;
  SeriesAxis axis;
};
constexpr Axis kAxes[] = {
    {"env_steps", SeriesAxis::kEnvSteps}, {"updates", SeriesAxis::kUpdates}, {"seconds", SeriesAxis::kSeconds}};

// The parameter, or `otherwise` where it is not there.
std::string ValueOf(const WebPage::Parameters& parameters, const std::string& name, const std::string& otherwise) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? otherwise : found->second;
}

absl::Status Wrong(absl::string_view name, absl::string_view value, absl::string_view want) {
  return absl::InvalidArgumentError(absl::StrCat(name, " '", value, "', want ", want));
}

absl::StatusOr<double> Number(const WebPage::Parameters& parameters, const std::string& name, double otherwise) {
  const std::string text = ValueOf(parameters, name, "");
  double number = otherwise;
  if (text.empty()) return number;
  if (!absl::SimpleAtod(text, &number) || std::isnan(number)) return Wrong(name, text, "a number");
  return number;
}

absl::StatusOr<SeriesRange> RangeOf(const WebPage::Parameters& parameters) {
  SeriesRange range;
  const std::string x = ValueOf(parameters, "x", "env_steps");
  const auto* axis = std::find_if(std::begin(kAxes), std::end(kAxes), [&x](const Axis& one) { return x == one.name; });
  if (axis == std::end(kAxes)) return Wrong("x", x, "env_steps, updates or seconds");
  range.axis = axis->axis;
  RECBOTS_ASSIGN_OR_RETURN(range.since, Number(parameters, "since", range.since));
  RECBOTS_ASSIGN_OR_RETURN(range.until, Number(parameters, "until", range.until));
  const std::string points = ValueOf(parameters, "points", absl::StrCat(range.max_points));
  uint64_t max_points = 0;
  if (!absl::SimpleAtoi(points, &max_points) || max_points < 1 || max_points > kMaxPoints) {
    return Wrong("points", points, absl::StrCat("1..", kMaxPoints));
  }
  range.max_points = static_cast<size_t>(max_points);
  return range;
}

absl::StatusOr<std::vector<std::string>> NamesOf(const WebPage::Parameters& parameters,
                                                 const std::vector<std::string>& all) {
  const std::string text = ValueOf(parameters, "names", "");
  std::vector<std::string> names = text.empty() ? all : std::vector<std::string>(absl::StrSplit(text, ','));
  if (names.size() > kMaxNames && !text.empty()) return Wrong("names", text, absl::StrCat("at most ", kMaxNames));
  return names;
}

// Six digits are more than a pixel shows, and a third of the bytes.
std::string PointsJson(const std::vector<SeriesPoint>& points) {
  std::string json = "{";
  const auto add = [&](absl::string_view key, const auto& number_of) {
    absl::StrAppend(&json, json.size() > 1 ? "," : "", "\"", key, "\":[");
    for (size_t i = 0; i < points.size(); ++i) absl::StrAppend(&json, i > 0 ? "," : "", number_of(points[i]));
    absl::StrAppend(&json, "]");
  };
  add("x", [](const SeriesPoint& point) { return absl::StrFormat("%.12g", point.x); });
  add("mean", [](const SeriesPoint& point) { return absl::SixDigits(point.mean); });
  add("min", [](const SeriesPoint& point) { return absl::SixDigits(point.min); });
  add("max", [](const SeriesPoint& point) { return absl::SixDigits(point.max); });
  return json + "}";
}

std::string Quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<std::string> Make(const WebPage::Parameters& parameters,
                                 const std::vector<const SeriesRecorder*>& recorders) {
  RECBOTS_ASSIGN_OR_RETURN(const SeriesRange range, RangeOf(parameters));
  std::vector<std::string> all;
  for (const SeriesRecorder* recorder : recorders) {
    for (std::string& name : recorder->names()) all.push_back(std::move(name));
  }
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(parameters, all));
  std::string json = absl::StrCat("{\"x\":", Quoted(ValueOf(parameters, "x", "env_steps")), ",\"names\":[");
  for (size_t i = 0; i < all.size(); ++i) absl::StrAppend(&json, i > 0 ? "," : "", Quoted(all[i]));
  absl::StrAppend(&json, "],\"series\":{");
  for (size_t i = 0; i < names.size(); ++i) {
    std::vector<SeriesPoint> points;
    for (const SeriesRecorder* recorder : recorders) {
      if (points.empty()) points = recorder->Read(names[i], range);
    }
    absl::StrAppend(&json, i > 0 ? "," : "", Quoted(names[i]), ":", PointsJson(points));
  }
  return json + "}}\n";
}

}  // namespace

WebPage::Answer SeriesPage(const WebPage::Parameters& parameters, const std::vector<const SeriesRecorder*>& recorders) {
  absl::StatusOr<std::string> made = Make(parameters, recorders);
  if (made.ok()) return {200, *std::move(made)};
  return {400, absl::StrCat("{\"error\":", Quoted(std::string(made.status().message())), "}\n")};
}

}  // namespace recbots
