// How good a policy is: exactly where the scenario can say, by playing episodes otherwise.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/recsim/scenario.h"
#include "common/base/stop.h"
#include "common/policies/policy.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

struct EvaluatorOptions {
  int64_t episodes = 20000;  // Per evaluation, where episodes are played.
  bool exact = true;         // Use exact values where the scenario has them.
  int users = 1024;          // Users simulated at once.
  // Asked before every step of an episode played, and many times a second while something is solved: true ends the
  // evaluation.
  StopQuestion should_stop = nullptr;
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

  // Solved where the policy is stationary and the scenario can say; played otherwise. A policy that learns is played by
  // one session of users after the other, in the order of their streams, so that its value does not depend on `users`.
  //   INVALID_ARGUMENT  the policy showed a slate that the scenario refuses
  //   CANCELLED         should_stop
  absl::StatusOr<PolicyValue> Evaluate(Policy& policy) const;

  // Every reference policy of the scenario, in its order: "random" first, the best known one last. Random play and the
  // optimum are exact where the scenario knows them, stationary policies where they can be solved; the others are
  // played. An optimum that is known without a policy that attains it here comes last. Errors as above.
  absl::StatusOr<std::vector<v1::ReferenceValue>> EvaluateReferences() const;

 private:
  absl::StatusOr<PolicyValue> EvaluateReference(const ReferencePolicy& reference) const;
  absl::StatusOr<PolicyValue> Play(Policy& policy) const;
  absl::StatusOr<PolicyValue> Solve(Policy& policy) const;

  const Scenario& scenario_;
  const EvaluatorOptions options_;
};

// What is reported of a version of the weights: its value beside the references, which are as of EvaluateReferences.
v1::Evaluation MakeEvaluation(const v1::WeightsHeader& version, const PolicyValue& value,
                              absl::Span<const v1::ReferenceValue> references);

}  // namespace recbots
