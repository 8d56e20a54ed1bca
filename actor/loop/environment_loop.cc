#include "actor/loop/environment_loop.h"

#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/policies/feedback.h"

namespace recbots {

EnvironmentLoop::EnvironmentLoop(Environment& environment, Policy& policy, const RowSchema& schema,
                                 const TransitionOptions& options, RowSink& sink, Clock& clock)
    : environment_(environment),
      policy_(policy),
      sink_(sink),
      clock_(clock),
      packer_(schema, environment.num_users(), options),
      step_(environment.spec(), environment.num_users()) {
  step_.Reset(environment_);
}

absl::Status EnvironmentLoop::Step(const BehaviourWeights& weights) {
  policy_.Act({step_.observation, environment_.positions(), step_.candidates},
              {absl::MakeSpan(step_.slates), absl::MakeSpan(step_.behaviour_probability)});
  if (const absl::Status stepped = step_.Step(environment_); !stepped.ok()) {
    if (!absl::IsAborted(stepped)) return stepped;
    // The users are others now. What was not complete is dropped; what the policy sees next is there.
    dropped_steps_ += packer_.DropWaiting();
    step_.Advance();
    return absl::OkStatus();
  }
  policy_.Observe(FeedbackOf(step_));
  const absl::string_view packed =
      packer_.Pack(step_, {weights.version, weights.updates, absl::ToUnixMicros(clock_.Date())});
  Count();
  step_.Advance();
  if (packed.empty()) return absl::OkStatus();
  return sink_.Append(packed, packer_.num_rows(), weights.version);
}

void EnvironmentLoop::TransferState(StateArchive& archive) {
  environment_.TransferState(archive);
  step_.TransferState(archive);
  packer_.TransferState(archive);
  archive.Value("env_steps", env_steps_);
  archive.Value("episodes", episodes_);
  archive.Value("reward", reward_sum_);
}

void EnvironmentLoop::Count() {
  for (size_t i = 0; i < step_.reward.size(); ++i) {
    env_steps_ += step_.active[i] != 0 ? 1 : 0;
    reward_sum_ += step_.reward[i];
    episodes_ += step_.terminated[i] | step_.truncated[i];
  }
}

}  // namespace recbots
