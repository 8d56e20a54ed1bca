// Reads the lines that evaluation_log.h writes: evaluations.jsonl (docs/formats.md).
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace recbots {

// What a line says. A member that is missing, null or no number is not there.
struct EvaluationLine {
  std::optional<double> env_steps, updates, wall_seconds;
  std::optional<double> value, value_ci95, share_of_gap, share_of_optimum;
};

// nullopt: the line is no JSON object, such as the last line of a run that was killed.
std::optional<EvaluationLine> ParseEvaluationLine(absl::string_view line);

}  // namespace recbots
