// Judges a policy from a log, in which the policy's probabilities are filled in.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "common/log/interaction_log.h"
#include "deploy/cli/evaluate/estimate_all.h"
#include "deploy/cli/evaluate/evaluation.h"

namespace recbots {

struct EvaluationRequest {
  std::string log = "";     // Names of log and policy, for the report.
  std::string policy = "";  // "uniform" has a reward model that tells items apart.
  std::string reward = "";  // The formula; empty: the log's own
  int64_t num_items = 0;    // Of the catalogue; 0: those in the log
  EstimateOptions estimates = {};

  int64_t NumItems(const InteractionLog& logged) const { return num_items > 0 ? num_items : logged.items.size(); }
};

// Weights, reward model, all estimates and the verdict.
//   FAILED_PRECONDITION  the log has no propensities, or not for all rows; or an estimator was asked for by name,
//                        and the log lacks what it needs
//   INVALID_ARGUMENT     there is no such estimator, or the log has more items than the catalogue
absl::StatusOr<Evaluation> EvaluateLog(const InteractionLog& log, const EvaluationRequest& request);

}  // namespace recbots
