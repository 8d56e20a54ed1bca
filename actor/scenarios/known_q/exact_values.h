// The known-Q environment solved exactly (dynamics.h has its rewards and transitions).
//
// There are two kinds of values: discounted values of episodes without end, and undiscounted values of episodes that
// are cut after a number of steps. All functions are pure. Letters: 6 states s, 4 actions a, H steps.
#pragma once

#include <array>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/scenarios/known_q/dynamics.h"

namespace recbots {

using KnownQStateValues = std::array<double, kKnownQStates>;
using KnownQRule = std::array<int8_t, kKnownQStates>;                               // Decision rule: action [s], 0..3.
using KnownQTable = std::array<std::array<double, kKnownQActions>, kKnownQStates>;  // [s][a]

// P(next state | state, action).
KnownQStateValues KnownQTransition(int state, int action);

struct KnownQSolution {
  KnownQStateValues v;  // V*(s)
  KnownQTable q;        // Q*(s, a)
  KnownQRule actions;   // The best action of every state, the first of equals.
};

// Optimal values with a discount, by policy iteration (Puterman 1994, section 6.4): exact to rounding.
//   INVALID_ARGUMENT  the discount is outside [0, 1): with a discount of 1 the values are infinite
absl::StatusOr<KnownQSolution> SolveKnownQ(double discount);

// One step of backward induction: Q(s, a) = reward(s, a) + discount sum_s' P(s' | s, a) next[s'].
KnownQTable KnownQBackup(const KnownQStateValues& next, double discount);

// The undiscounted optimum of episodes of H steps (Puterman 1994, section 4.5).
struct KnownQHorizon {
  KnownQStateValues v;              // At the first step.
  std::vector<KnownQRule> actions;  // [H][s]: the best action at step 0 .. H - 1, the first of equals.
};
KnownQHorizon SolveKnownQHorizon(int num_steps);

// The undiscounted values, over H steps, of the policy that takes action a in state s with probability policy[s][a].
KnownQStateValues KnownQPolicyValues(const KnownQTable& policy, int num_steps);

}  // namespace recbots
