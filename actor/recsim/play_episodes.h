// Plays whole episodes of a scenario with a policy: for those who evaluate it, simulate it, or test it by its returns.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "actor/recsim/scenario.h"
#include "common/base/stop.h"
#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

struct EpisodesToPlay {
  int num_users = 1;          // Together; whole sessions, as for Scenario::MakeEnvironment.
  uint32_t first_stream = 0;  // Of the first user.
  // The first episodes of each user, all of them to their end: the first ones to end would be the short ones.
  int64_t episodes_each = 1;
  // Whether the policy is asked for it, and for the probability of prefixes; NaN where the policy does not say.
  bool position_probability = false;
  StopQuestion should_stop = nullptr;
};

// One user's episode up to the step just made.
struct EpisodeSoFar {
  double reward = 0;  // The sum of all steps.
  int64_t steps = 0;
  bool over = false;
};

// Called for user i (0 .. num_users - 1) after each step in which the user took part, in the order of users; `step` has
// not been advanced yet. Columns of what the step led to are written only where the policy needs them.
using EpisodeVisitor = absl::FunctionRef<void(size_t user, const StepBuffer& step, const EpisodeSoFar& episode)>;

// What comes of a user's episode does not depend on the users beside it, as long as the policy does not learn from one
// for another. Users who have ended their episodes go on, unseen by the visitor, until the last one has.
//   CANCELLED         should_stop, which is asked before every step
//   INVALID_ARGUMENT  the policy showed a slate that the scenario refuses
//   ABORTED           the environment lost its users (common/rl/environment.h): the caller may play them again
absl::Status PlayEpisodes(const Scenario& scenario, Policy& policy, const EpisodesToPlay& what, EpisodeVisitor visit);

}  // namespace recbots
