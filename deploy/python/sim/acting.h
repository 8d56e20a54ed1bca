// Policies that act for Python: the scenario's references, agents, and what a run has learnt.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "actor/recsim/scenario.h"
#include "common/policies/policy.h"
#include "deploy/python/sim/simulation.h"

namespace recbots {

// The names that MakeNamedPolicy takes: the scenario's references, "random" first, then agents.
std::vector<std::string> PolicyNames(const Scenario& scenario);

// `seed` is that of an agent's draws.
//   INVALID_ARGUMENT  there is no such policy (the message lists all), or an agent lacks what it needs
absl::StatusOr<std::unique_ptr<Policy>> MakeNamedPolicy(const Simulation& simulation, const Scenario& scenario,
                                                        const std::string& name, uint64_t seed);

// What a run with the configuration of `run` has learnt, greedy, for environments of `simulation`; `encoded` has the
// bytes of weights.bin. With `any_experiment` the weights may come from another one, as long as shapes fit.
//   INVALID_ARGUMENT     not weights, or such as do not fit; names fault, or tensor and shape
//   FAILED_PRECONDITION  weights of another experiment; names the fields that differ
absl::StatusOr<std::unique_ptr<Policy>> MakeLearntPolicy(const Simulation& run, const Simulation& simulation,
                                                         absl::string_view encoded, int max_users, bool any_experiment);

}  // namespace recbots
