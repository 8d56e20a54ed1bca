// Plays many episodes of a scenario with one policy, on several threads, and reports what came of them.
//
// Episode e (0, 1, ...) is the first episode of random stream e, or of the session of streams e * M .. e * M + M - 1.
// It is played on its own, and episodes are added up and logged in the order of their numbers, so the result and the
// log are the same bytes for any number of threads and users; the episodes of a short run are the first ones of a
// longer one. Policies that learn (Policy::learns) depend on the order of users: they are played by one thread, one
// episode after the other, and are shown next_observation and next_candidates; the others are not.
//
// Memory is bounded: a block is at most 64 episodes where rows are logged (fewer where the step limit lets them be
// long), and each thread has one in work and one that waits for those before it.
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
  // Users simulated at once by a thread, 1..kMaxSimulationUsers; one session at least. More of them cost less a step,
  // but those whose episode is over idle along until the last one's is: many where episodes differ much in length.
  int users = 64;
  // Asked by all threads before every step: true ends the simulation with the episodes finished so far.
  std::function<bool()> should_stop = [] { return false; };
};

// A policy of its own for every call. Called by one thread.
using PolicyFactory = std::function<absl::StatusOr<std::unique_ptr<Policy>>()>;

// `log` may be nullptr; its rows are those of the episodes reported. It is not finished: that is the caller's, who
// knows whether a stopped log is wanted.
//   INVALID_ARGUMENT  an option out of bounds (names value and bound), or a slate that the scenario refuses
//   others            of the factory, or of writing the log
absl::StatusOr<SimulationResult> Simulate(const Scenario& scenario, const PolicyFactory& make_policy,
                                          const SimulationOptions& options, ImpressionLog* log);

// INVALID_ARGUMENT: an option out of bounds for this scenario.
absl::Status ValidateSimulation(const EnvironmentSpec& spec, const SimulationOptions& options);

}  // namespace recbots
