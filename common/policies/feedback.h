// The feedback of a step as policies get it: the one place where it is made of a step's columns.
#pragma once

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// The whole feedback of a step that has not been advanced; refers to its columns. For those who write all columns
// anyway.
inline PolicyFeedback FeedbackOf(const StepBuffer& step) {
  return {step.slates,    step.response,         step.reward,          step.terminated,
          step.truncated, step.next_observation, step.next_candidates, step.active};
}

// Shows `step.slates` and tells the policy what came of them, for those who look at nothing that a step leads to
// themselves: columns that the policy does not need are not written, and keep what was in them. Errors as
// Environment::Step, and then nothing is told.
inline absl::Status StepAndObserve(Environment& environment, Policy& policy, StepBuffer& step) {
  const FeedbackNeeds needs = policy.feedback_needs();
  StepColumns columns = step.columns();
  if (!needs.next_observation) columns.next_observation = {};
  if (!needs.next_candidates) columns.next_candidates = {};
  RECBOTS_RETURN_IF_ERROR(environment.Step(step.slates, columns));
  PolicyFeedback feedback = FeedbackOf(step);
  feedback.next_observation = columns.next_observation;
  feedback.next_candidates = columns.next_candidates;
  policy.Observe(feedback);
  return absl::OkStatus();
}

}  // namespace recbots
