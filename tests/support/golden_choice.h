// The choice model that a golden case names.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "common/slate/choice_model.h"
#include "tests/support/golden.h"

namespace recbots::testing {

// `choice` with its parameters. Those that a case may leave out have the reference's defaults
// (tests/golden/recsim/README.md). Throws (and so fails the test) on a model that we do not have.
inline ChoiceModelOptions ChoiceOf(const GoldenValue& params) {
  static constexpr std::pair<const char*, ChoiceKind> kKinds[] = {
      {"logit", ChoiceKind::kMultinomialLogit},
      {"proportional", ChoiceKind::kMultinomialProportional},
      {"exponential_cascade", ChoiceKind::kExponentialCascade},
      {"proportional_cascade", ChoiceKind::kProportionalCascade}};
  const auto name = params.at("choice").get<std::string>();
  for (const auto& [known, kind] : kKinds) {
    if (name != known) continue;
    ChoiceModelOptions options;
    options.kind = kind;
    options.no_click_mass = params.value("no_click_mass", 0.0);
    options.min_normalizer = params.value("min_normalizer", 0.0);
    options.score_scaling = params.value("score_scaling", 0.05);
    options.attention_prob = params.value("attention_prob", 0.65);
    return options;
  }
  throw std::invalid_argument("golden case: no choice model '" + name + "'");
}

}  // namespace recbots::testing
