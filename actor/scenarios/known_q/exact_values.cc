#include "actor/scenarios/known_q/exact_values.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/recsim/linear_solver.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr size_t kStates = kKnownQStates;
constexpr double kRounding = 1e-13;  // Values that differ by less than this, relatively, count as equal.

double ValueOf(const KnownQTable& q, size_t state, int action) { return q[state][static_cast<size_t>(action)]; }

// The first action per state that is not worse than any other by more than rounding.
KnownQRule BestActions(const KnownQTable& q) {
  KnownQRule actions{};
  for (size_t s = 0; s < kStates; ++s) {
    for (int8_t a = 1; a < kKnownQActions; ++a) {
      const double best = ValueOf(q, s, actions[s]);
      if (ValueOf(q, s, a) > best + kRounding * (1 + std::abs(best))) actions[s] = a;
    }
  }
  return actions;
}

// V of the policy that always takes actions[s] in state s: (I - discount P) V = r.
absl::StatusOr<KnownQStateValues> DiscountedValues(const KnownQRule& actions, double discount) {
  std::vector<double> a(kStates * kStates);
  std::vector<double> b(kStates);
  for (size_t s = 0; s < kStates; ++s) {
    const KnownQStateValues next = KnownQTransition(static_cast<int>(s), actions[s]);
    for (size_t t = 0; t < kStates; ++t) a[s * kStates + t] = (s == t ? 1.0 : 0.0) - discount * next[t];
    b[s] = KnownQReward(static_cast<int>(s), actions[s]);
  }
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> x, SolveLinear(std::move(a), std::move(b)));
  KnownQStateValues v;
  std::copy_n(x.begin(), kStates, v.begin());
  return v;
}

}  // namespace

KnownQStateValues KnownQTransition(int state, int action) {
  KnownQStateValues next{};
  for (int outcome = 0; outcome < kKnownQOutcomes; ++outcome) {
    next[static_cast<size_t>(KnownQDestination(state, action, outcome))] +=
        kKnownQOutcomeProbability[static_cast<size_t>(outcome)];
  }
  return next;
}

KnownQTable KnownQBackup(const KnownQStateValues& next, double discount) {
  KnownQTable q{};
  for (int s = 0; s < kKnownQStates; ++s) {
    for (int a = 0; a < kKnownQActions; ++a) {
      double mean = 0;
      for (int outcome = 0; outcome < kKnownQOutcomes; ++outcome) {
        mean += kKnownQOutcomeProbability[static_cast<size_t>(outcome)] *
                next[static_cast<size_t>(KnownQDestination(s, a, outcome))];
      }
      q[static_cast<size_t>(s)][static_cast<size_t>(a)] = KnownQReward(s, a) + discount * mean;
    }
  }
  return q;
}

absl::StatusOr<KnownQSolution> SolveKnownQ(double discount) {
  if (!(discount >= 0 && discount < 1)) {
    return absl::InvalidArgumentError(absl::StrCat("discount ", discount, ", want at least 0 and below 1"));
  }
  KnownQSolution solution;
  solution.actions = {};
  // Every policy is better than the one before, and a handful of rounds is enough. The bound is for discounts near 1,
  // where the rounding of the solution could look like an improvement.
  for (int round = 0; round < 100; ++round) {
    RECBOTS_ASSIGN_OR_RETURN(solution.v, DiscountedValues(solution.actions, discount));
    solution.q = KnownQBackup(solution.v, discount);
    const KnownQRule actions = BestActions(solution.q);
    if (actions == solution.actions) break;
    solution.actions = actions;
  }
  return solution;
}

KnownQHorizon SolveKnownQHorizon(int num_steps) {
  KnownQHorizon horizon;
  horizon.v = {};
  horizon.actions.resize(static_cast<size_t>(num_steps));
  for (size_t step = horizon.actions.size(); step-- > 0;) {
    const KnownQTable q = KnownQBackup(horizon.v, /*discount=*/1);
    horizon.actions[step] = BestActions(q);
    for (size_t s = 0; s < kStates; ++s) horizon.v[s] = ValueOf(q, s, horizon.actions[step][s]);
  }
  return horizon;
}

KnownQStateValues KnownQPolicyValues(const KnownQTable& policy, int num_steps) {
  KnownQStateValues v{};
  for (int step = 0; step < num_steps; ++step) {
    const KnownQTable q = KnownQBackup(v, /*discount=*/1);
    for (size_t s = 0; s < kStates; ++s) {
      v[s] = 0;
      for (size_t a = 0; a < kKnownQActions; ++a) v[s] += policy[s][a] * q[s][a];
    }
  }
  return v;
}

}  // namespace recbots
