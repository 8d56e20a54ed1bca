// The feedback of a step as policies get it.
#pragma once

#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// Of a step that has not been advanced; refers to its columns.
inline PolicyFeedback FeedbackOf(const StepBuffer& step) {
  return {step.slates,    step.response,         step.reward,          step.terminated,
          step.truncated, step.next_observation, step.next_candidates, step.active};
}

}  // namespace recbots
