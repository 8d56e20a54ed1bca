// What the tests of document browsing share.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/document_browsing/acceptance_matrix.h"
#include "actor/scenarios/document_browsing/model.h"
#include "tests/conformance/environment_conformance.h"
#include "tests/support/golden.h"

namespace recbots::testing {

inline DocumentBrowsingOptions MakeOptions(int num_documents = 10, uint64_t matrix_seed = 42) {
  DocumentBrowsingOptions options;
  options.num_documents = num_documents;
  options.acceptance = GenerateAcceptance(num_documents, options.exit_probability_accepted,
                                          options.exit_probability_refused, matrix_seed);
  return options;
}

// The task with the matrix of a golden case, whatever its size.
inline DocumentBrowsingOptions OptionsOf(const GoldenValue& matrix) {
  DocumentBrowsingOptions options;
  options.num_documents = static_cast<int>(matrix.size());
  options.acceptance.clear();
  for (const auto& row : matrix) {
    for (const auto& element : row) options.acceptance.push_back(element.get<double>());
  }
  return options;
}

inline std::unique_ptr<Scenario> MakeScenarioOf(const DocumentBrowsingOptions& options, uint64_t seed = 1) {
  return ModelScenario<DocumentBrowsingModel>::Create(options, seed).value();
}

}  // namespace recbots::testing
