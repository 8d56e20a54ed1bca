// Plays many episodes of a scenario with one policy, on several threads, and reports their metrics.
//
// Episode e (0, 1, ...) is the first episode of random stream e or, with sessions, of the streams e * M .. e * M + M -
// 1. Episodes do not depend on each other, and are added up and logged in the order of their numbers. So the result and
// the log are the same bytes for any number of threads and users, and the episodes of a short run are the first ones of
// a longer run. Policies that learn (Policy::learns) depend on the order of users: one thread plays their episodes one
// after the other. Only they are shown next_observation and next_candidates.
//
// Memory is bounded: if rows are logged, a block has at most 64 episodes (fewer if the step limit allows long ones),
// and every thread has at most one block in work and one that waits for earlier blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "actor/simulate/impression_log.h"
#include "actor/simulate/result.h"
#include "common/policies/policy.h"

namespace recbots {

inline constexpr int64_t kMaxEpisodes = 1000000000;
inline constexpr int kMaxSimulationThreads = 256;
inline constexpr int kMaxSimulationUsers = 65536;

struct SimulationOptions {
  int64_t episodes = 1;  // 1..kMaxEpisodes; episodes * M at most 2^32 - 1 streams
  int threads = 1;       // 1..kMaxSimulationThreads
  // Users that a thread simulates at once, 1..kMaxSimulationUsers, but at least one session. More users make a step of
  // each cheaper, but a user whose episode is over idles until the last one is done, which matters if the lengths of
  // episodes differ much.
  int users = 64;
  // Called by all threads before every step: true ends the simulation with the episodes finished so far.
  std::function<bool()> should_stop = [] { return false; };
  // Called with the number of episodes that are reported so far, whenever it has grown, by one thread at a time.
  // Without it a line in the log says so now and then.
  std::function<void(int64_t)> on_episodes = nullptr;
};

// Every call makes a new policy. Called by one thread.
using PolicyFactory = std::function<absl::StatusOr<std::unique_ptr<Policy>>()>;

// `log` may be nullptr; it gets the rows of the episodes that are reported. The caller finishes the log, because it
// knows whether the log of a stopped simulation is wanted.
//   INVALID_ARGUMENT  an option is out of bounds (names value and bound), or the scenario refuses a slate
//   others            errors of the factory, or of writing the log
absl::StatusOr<SimulationResult> Simulate(const Scenario& scenario, const PolicyFactory& make_policy,
                                          const SimulationOptions& options, ImpressionLog* log);

// INVALID_ARGUMENT: an option is out of bounds for this scenario.
absl::Status ValidateSimulation(const EnvironmentSpec& spec, const SimulationOptions& options);

}  // namespace recbots
