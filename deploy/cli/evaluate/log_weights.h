// Weights and rewards of a log, as estimators take them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/log/interaction_log.h"
#include "common/ope/slate_estimators.h"
#include "common/ope/step_estimators.h"

namespace recbots {

// Empty columns are not known. A value type, except that it refers to the log, which must outlive it.
struct LogWeights {
  const InteractionLog* log = nullptr;
  std::vector<double> slate;         // [slates]: of the whole slate
  std::vector<double> item, prefix;  // [rows]
  std::vector<double> session;       // [sessions]: the product of `slate`; empty where all have one step
  std::vector<double> slate_reward;  // [slates]
  std::vector<double> row_reward;    // [rows]; empty: rewards are of slates, and cannot be told apart
  std::vector<double> q, v;          // [rows]: of the model
  bool rows_are_steps = false;       // Every slate has one row.

  WeightedSteps Steps() const;
  WeightedRows Rows(const std::vector<double>& weight) const;
};

// Divides the probabilities of the evaluated policy by the propensities. Needs at least one pair of the columns
// evaluation_X and X_propensity.
//   FAILED_PRECONDITION  there is no such pair, or some rows lack a value of a pair that others have; says which
absl::StatusOr<LogWeights> WeightsOf(const InteractionLog& log);

}  // namespace recbots
