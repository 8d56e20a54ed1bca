// What the tests of document browsing share.
#pragma once

#include <cmath>
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

struct Moments {
  double count = 0, sum = 0, squares = 0;
  void Add(double x) {
    ++count;
    sum += x;
    squares += x * x;
  }
  double mean() const { return sum / count; }
  double standard_error() const { return std::sqrt((squares / count - mean() * mean()) / (count - 1)); }
};

struct EpisodeStatistics {
  Moments returns, lengths;
};

// Every user's first `episodes_each` episodes, so that long episodes are not left out for being long.
inline EpisodeStatistics Play(const Scenario& scenario, Policy& policy, int num_users, uint32_t episodes_each) {
  EpisodeStatistics statistics;
  Stage stage(scenario, num_users, /*first_stream=*/0);
  std::vector<double> sums(stage.num_users(), 0.0);
  size_t running = stage.num_users();
  while (running > 0) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    if (!stage.Step().ok()) return {};
    for (size_t i = 0; i < stage.num_users(); ++i) {
      if (before[i].episode >= episodes_each) continue;
      sums[i] += stage.reward[i];
      if (stage.terminated[i] + stage.truncated[i] == 0) continue;
      statistics.returns.Add(sums[i]);
      statistics.lengths.Add(before[i].step + 1);
      sums[i] = 0;
      if (before[i].episode + 1 == episodes_each) --running;
    }
  }
  return statistics;
}

}  // namespace recbots::testing
