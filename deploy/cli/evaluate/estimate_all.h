// All estimates that a log allows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "deploy/cli/evaluate/evaluation.h"
#include "deploy/cli/evaluate/log_weights.h"

namespace recbots {

struct EstimateOptions {
  double level = 0.95;   // Of intervals and bounds, 0.5..0.999999
  int bootstrap = 1000;  // Replicates, 0..1e6; 0: no bootstrap
  uint64_t seed = 0;
  int threads = 1;
  double discount = 1;                       // Of rewards within a session, 0..1
  std::vector<std::string> estimators = {};  // Empty: all that the log allows.
};

// The names of all estimators, in the order of reports.
std::vector<std::string> EstimatorNames();

// Fills in the weights' diagnostics and the results, whose trust Judge (verdict.h) sets.
//   INVALID_ARGUMENT     there is no estimator of a name; lists all
//   FAILED_PRECONDITION  the log does not allow an estimator that was asked for; says what is missing
absl::Status EstimateAll(const LogWeights& weights, const EstimateOptions& options, Evaluation& evaluation);

}  // namespace recbots
