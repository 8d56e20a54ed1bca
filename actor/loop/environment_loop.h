// One policy, many users: choose, step, send.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "actor/loop/row_sink.h"
#include "actor/loop/transition_packer.h"
#include "common/base/clock.h"
#include "common/base/row_schema.h"
#include "common/policies/policy.h"
#include "common/rl/environment.h"

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

  // One step of every user: B transitions go to the sink.
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

  // Columns of the step under way.
  std::vector<float> observation_;
  std::vector<float> following_observation_;
  std::vector<float> next_observation_;
  std::vector<int32_t> slates_;
  std::vector<float> behaviour_probability_;
  std::vector<float> response_;
  std::vector<float> reward_;
  std::vector<uint8_t> terminated_;
  std::vector<uint8_t> truncated_;

  int64_t env_steps_ = 0;
  int64_t episodes_ = 0;
  double reward_sum_ = 0;
};

}  // namespace recbots
