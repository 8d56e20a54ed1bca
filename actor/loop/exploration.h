// How much each actor of a fleet follows the policy.
#pragma once

#include <algorithm>
#include <cstdint>

#include "recbots/v1/config.pb.h"

namespace recbots {

// Share of steps by policy of the actor with that index (>= 0): `policy_share_spread` actors spread evenly from
// policy_share_min to policy_share_max, the next ones begin again. A fleet thus covers mostly random to mostly greedy
// behaviour (the idea of Ape-X, Horgan et al. 2018, arXiv:1803.00933, section 4).
inline double FinalPolicyShare(const v1::ActorConfig& config, int64_t actor_index) {
  const int64_t spread = config.policy_share_spread();
  if (spread == 1) return config.policy_share_min();
  const auto place = static_cast<double>(actor_index % spread) / static_cast<double>(spread - 1);
  return config.policy_share_min() + (config.policy_share_max() - config.policy_share_min()) * place;
}

// The same when the run, all its actors together, has made `env_steps` (>= 0): in a straight line from
// policy_share_initial, at the beginning, to that share, at policy_share_annealing_steps and ever after.
inline double PolicyShare(const v1::ActorConfig& config, int64_t actor_index, int64_t env_steps) {
  const double end = FinalPolicyShare(config, actor_index);
  const int64_t steps = config.policy_share_annealing_steps();
  if (env_steps >= steps) return end;
  const double done = static_cast<double>(env_steps) / static_cast<double>(steps);
  return config.policy_share_initial() + (end - config.policy_share_initial()) * done;
}

}  // namespace recbots
