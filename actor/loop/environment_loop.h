// One policy, many users: choose, step, send.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "actor/loop/row_sink.h"
#include "actor/loop/transition_packer.h"
#include "common/base/clock.h"
#include "common/base/row_schema.h"
#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// Which weights the policy holds; stamped on every row.
struct WeightsStamp {
  int64_t version = 0;
  int64_t updates = 0;
};

// Not thread-safe. Nothing is allocated after construction.
class EnvironmentLoop {
 public:
  // All references must outlive the loop. Resets the environment.
  EnvironmentLoop(Environment& environment, Policy& policy, const RowSchema& schema, double discount, RowSink& sink,
                  Clock& clock = Clock::Real());

  // One step of every user: the transitions of all active users go to the sink.
  // Errors are the sink's (the step was played but not stored).
  absl::Status Step(const WeightsStamp& stamp);

  int64_t env_steps() const { return env_steps_; }
  int64_t episodes() const { return episodes_; }
  double reward() const { return reward_sum_; }

 private:
  void Count();

  Environment& environment_;
  Policy& policy_;
  RowSink& sink_;
  Clock& clock_;
  TransitionPacker packer_;

  StepBuffer step_;  // The step under way.

  int64_t env_steps_ = 0;
  int64_t episodes_ = 0;
  double reward_sum_ = 0;
};

}  // namespace recbots
