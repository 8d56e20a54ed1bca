// Makes a policy's feedback from the columns of a step; no other code does.
#pragma once

#include "absl/status/status.h"
#include "common/base/status_macros.h"
#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// The complete feedback of a step, for callers that write all columns anyway. Refers to the columns of `step`; call it
// before StepBuffer::Advance.
inline PolicyFeedback FeedbackOf(const StepBuffer& step) {
  return {step.slates,    step.response,         step.reward,          step.terminated,
          step.truncated, step.next_observation, step.next_candidates, step.active};
}

// Shows `step.slates` and tells the policy the outcome. For callers that do not read next_observation and
// next_candidates themselves: if the policy does not need one of these columns, it is not written and keeps its old
// content. Errors are those of Environment::Step; the policy is then told nothing.
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
