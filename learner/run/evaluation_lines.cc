#include "learner/run/evaluation_lines.h"

#include <nlohmann/json.hpp>

namespace recbots {

std::optional<EvaluationLine> ParseEvaluationLine(absl::string_view line) {
  const nlohmann::json json = nlohmann::json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  const auto number = [&json](const char* name) -> std::optional<double> {
    const auto found = json.find(name);
    return found != json.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
  };
  return EvaluationLine{number("env_steps"),  number("updates"),      number("wall_seconds"),    number("value"),
                        number("value_ci95"), number("share_of_gap"), number("share_of_optimum")};
}

}  // namespace recbots
