// The evaluated policy's probabilities of what a log shows.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/scenario.h"
#include "actor/simulate/simulate.h"
#include "common/log/interaction_log.h"
#include "common/ope/reward_model.h"

namespace recbots {

// Fills the evaluation_* columns with those of a policy that shows every ordered slate of different items of a
// catalogue of num_items with the same probability.
//   INVALID_ARGUMENT  a slate is longer than the catalogue
absl::Status FillUniform(int64_t num_items, InteractionLog& log);

// Fills the evaluation_* columns by replaying the logged sessions: the policy is asked for its probabilities of each
// logged slate (Policy::Probability), and then told what came of it (Policy::Observe), so that a policy with a memory
// remembers what it would have seen. Needs a log of `recbots simulate` with features: observations, and candidates
// where they differ from step to step (--log_candidates).
//   FAILED_PRECONDITION  the log lacks what the policy needs; or the policy learns from one user for another, and
//                        its probabilities depend on the order of users
//   INVALID_ARGUMENT     the log does not fit the scenario; names what and the bound
absl::Status FillByReplay(const Scenario& scenario, Policy& policy, InteractionLog& log);

// The values that doubly robust estimates take from a model, for each row of the log.
struct ModelValues {
  std::vector<double> q, v;  // [rows]
};

// Fits a reward model to the log, cross-fitted in two halves by session, and computes its values for a policy that
// shows all slates of num_items items equally often; with num_items 0 the model does not tell items apart, and its
// values hold for any policy. The target of a row is the reward from its position on. `row_reward` [rows].
ModelValues FitModel(const InteractionLog& log, const std::vector<double>& row_reward, int64_t num_items,
                     uint64_t seed);

}  // namespace recbots
