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
struct BehaviourWeights {
  int64_t version = 0;
  int64_t updates = 0;
};

// Not thread-safe. Nothing is allocated after construction.
class EnvironmentLoop {
 public:
  // `schema` is TransitionSchema(environment.spec(), options). All references must outlive the loop. Resets the
  // environment.
  EnvironmentLoop(Environment& environment, Policy& policy, const RowSchema& schema, const TransitionOptions& options,
                  RowSink& sink, Clock& clock = Clock::Real());

  // One step of every user: the transitions that it completes (transition_packer.h) go to the sink. Those that wait for
  // later steps are lost where the loop ends. Where the environment has lost its users (ABORTED), no step is made, and
  // the transitions that wait are dropped. Errors are the sink's (the step was played but not stored), or those of an
  // environment that has failed for good.
  absl::Status Step(const BehaviourWeights& weights);

  // Steps played by active users; where rows wait, more than rows were handed over.
  int64_t env_steps() const { return env_steps_; }
  int64_t episodes() const { return episodes_; }
  double reward() const { return reward_sum_; }
  // Steps played whose rows were dropped before they were complete, because the environment lost its users.
  int64_t dropped_steps() const { return dropped_steps_; }

  // Transfers the users, the rows that wait, and the counters: the loop goes on with the same steps and rows.
  void TransferState(StateArchive& archive);

 private:
  // Counts the step under way.
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
  int64_t dropped_steps_ = 0;
};

}  // namespace recbots
