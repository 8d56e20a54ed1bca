// How good a policy is: exactly where the scenario can say, by playing episodes otherwise.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "common/policies/policy.h"

namespace recbots {

struct EvaluatorOptions {
  int64_t episodes = 20000;  // Per evaluation, where episodes are played.
  bool exact = true;         // Use exact values where the scenario has them.
  int users = 1024;          // Users simulated at once.
};

// A mean undiscounted return of an episode.
struct PolicyValue {
  double value = 0;
  double ci95 = 0;       // Half width of the 95 % confidence interval; 0 where exact.
  int64_t episodes = 0;  // Played; 0 where exact.
};

// Not thread-safe.
class Evaluator {
 public:
  // `scenario` must outlive the evaluator. Episodes are played on streams that no actor uses, the same ones at every
  // evaluation: two policies meet the same users (common random numbers).
  Evaluator(const Scenario& scenario, const EvaluatorOptions& options);

  // INVALID_ARGUMENT: the policy showed a slate that the scenario refuses.
  absl::StatusOr<PolicyValue> Evaluate(Policy& policy) const;

  // The same for the references. The random policy's value; the optimal policy's, where the scenario knows one.
  absl::StatusOr<PolicyValue> EvaluateRandom() const;
  absl::StatusOr<std::optional<PolicyValue>> EvaluateOptimum() const;

 private:
  absl::StatusOr<PolicyValue> Play(Policy& policy) const;
  absl::StatusOr<PolicyValue> Solve(Policy& policy) const;

  const Scenario& scenario_;
  const EvaluatorOptions options_;
};

}  // namespace recbots
