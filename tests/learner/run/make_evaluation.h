// Evaluations for tests.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "recbots/v1/weights.pb.h"

namespace recbots::testing {

// Of version `version`, with 20 updates and 100 environment steps each, beside random play of 1.
inline v1::Evaluation MakeEvaluation(int64_t version, double value, double optimum = 10) {
  v1::Evaluation evaluation;
  evaluation.set_weights_version(version);
  evaluation.set_incarnation(7);
  evaluation.set_updates(version * 20);
  evaluation.set_env_steps(version * 100);
  evaluation.set_value(value);
  evaluation.set_random_value(1);
  evaluation.set_optimum(optimum);
  return evaluation;
}

inline void AddReferences(const std::vector<std::pair<std::string, double>>& references, v1::Evaluation& evaluation) {
  for (const auto& [name, value] : references) {
    v1::ReferenceValue& reference = *evaluation.add_references();
    reference.set_name(name);
    reference.set_value(value);
  }
}

}  // namespace recbots::testing
