#include "actor/loop/environment_loop.h"

#include "absl/time/time.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {

EnvironmentLoop::EnvironmentLoop(Environment& environment, Policy& policy, const RowSchema& schema, double discount,
                                 RowSink& sink, Clock& clock)
    : environment_(environment),
      policy_(policy),
      sink_(sink),
      clock_(clock),
      packer_(schema, environment.num_users(), discount) {
  const EnvironmentSpec& spec = environment.spec();
  const auto num_users = static_cast<size_t>(environment.num_users());
  const auto num_features = static_cast<size_t>(spec.num_user_features);
  const auto slate_size = static_cast<size_t>(spec.slate_size);
  observation_.resize(num_users * num_features);
  following_observation_.resize(num_users * num_features);
  next_observation_.resize(num_users * num_features);
  slates_.resize(num_users * slate_size);
  behaviour_probability_.resize(num_users);
  response_.resize(num_users * slate_size * spec.response_fields.size());
  reward_.resize(num_users);
  terminated_.resize(num_users);
  truncated_.resize(num_users);
  environment_.Reset(absl::MakeSpan(observation_));
}

absl::Status EnvironmentLoop::Step(const WeightsStamp& stamp) {
  policy_.Act({observation_, environment_.positions()},
              {absl::MakeSpan(slates_), absl::MakeSpan(behaviour_probability_)});
  StepRows rows;
  rows.observation = observation_;
  rows.slates = slates_;
  rows.behaviour_probability = behaviour_probability_;
  rows.result = {absl::MakeSpan(response_),  absl::MakeSpan(reward_),           absl::MakeSpan(terminated_),
                 absl::MakeSpan(truncated_), absl::MakeSpan(next_observation_), absl::MakeSpan(following_observation_)};
  RECBOTS_RETURN_IF_ERROR(environment_.Step(slates_, rows.result));
  rows.weights_version = stamp.version;
  rows.weights_updates = stamp.updates;
  rows.collected_micros = absl::ToUnixMicros(clock_.Now());
  const absl::string_view packed = packer_.Pack(rows);
  Count();
  std::swap(observation_, following_observation_);
  return sink_.Append(packed, environment_.num_users(), stamp.version);
}

void EnvironmentLoop::Count() {
  env_steps_ += environment_.num_users();
  for (size_t i = 0; i < reward_.size(); ++i) {
    reward_sum_ += reward_[i];
    episodes_ += terminated_[i] | truncated_[i];
  }
}

}  // namespace recbots
