// A scenario: what is simulated, from which batches of users are made, and what is known of it exactly.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/recsim/scenario_metrics.h"
#include "common/base/stop.h"
#include "common/policies/policy.h"
#include "common/rl/environment.h"
#include "common/rl/spec.h"

namespace recbots {

struct ReferencePolicy {
  // Which of the values that a scenario may know exactly is the policy's.
  enum class Known { kNothing, kRandomValue, kOptimalValue };

  std::string name;  // "random", "myopic", "row_argmax", "optimal", ...
  std::unique_ptr<Policy> policy;
  Known known = Known::kNothing;
};

// Immutable and thread-safe. Values are mean undiscounted returns of an episode.
class Scenario {
 public:
  virtual ~Scenario() = default;

  virtual const EnvironmentSpec& spec() const = 0;

  // Whether the seed decides what the environment is, and not only who comes to it: where candidates are drawn once for
  // all users and episodes.
  virtual bool depends_on_seed() const { return false; }

  // B = num_users users on the random streams first_stream .. first_stream + B - 1; both are multiples of
  // spec().users_per_session. The environment keeps no reference to the scenario.
  virtual std::unique_ptr<Environment> MakeEnvironment(int num_users, uint32_t first_stream) const = 0;

  // Policies to compare with, from "random", which is first, to the best known one, which is last, and named "optimal"
  // and marked with kOptimalValue where it is known to be optimal. New objects at every call, one set per thread.
  virtual std::vector<ReferencePolicy> MakeReferencePolicies() const = 0;

  // What is counted beside reward; nullptr: nothing.
  virtual const ScenarioMetrics* metrics() const { return nullptr; }

  // What a scenario can compute ahead.
  enum class Known {
    kValues,      // OptimalValue and RandomValue.
    kReferences,  // These, and what the reference policies act by.
  };
  // Computes it, asking `stop` several times a second. A caller that may be told to stop calls this first: what was not
  // computed here is computed where it is first asked for, however long it takes, and without asking `stop`.
  // Idempotent.
  //   CANCELLED  `stop` said so; what was computed by then is kept
  virtual absl::Status Prepare(Known, const StopQuestion&) const { return absl::OkStatus(); }

  // Exact values where they can be computed; nullopt or empty otherwise.
  virtual std::optional<double> OptimalValue() const { return std::nullopt; }
  virtual std::optional<double> RandomValue() const { return std::nullopt; }
  std::optional<double> ValueOf(const ReferencePolicy& reference) const;
  // Every observation that can occur, float32 [S, U], where there are finitely many and they tell all.
  virtual absl::Span<const float> AllObservations() const { return {}; }
  // The expected reward of a step that shows candidate n alone in state s (of AllObservations), float32 [S, N]; empty
  // where it is not known.
  virtual absl::Span<const float> ExpectedRewards() const { return {}; }
  // Value of the policy that shows slates[s * K ...] in state s (of AllObservations).
  //   UNIMPLEMENTED     the scenario has no exact values
  //   INVALID_ARGUMENT  wrong length or a position out of range
  //   CANCELLED         `stop` said so
  virtual absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates, const StopQuestion& stop) const;
};

}  // namespace recbots
