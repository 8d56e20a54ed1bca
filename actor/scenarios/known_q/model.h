// The environment with a known Q-function: six states, four actions, rewards and transitions small enough to solve by
// hand (RecSim's test environment). A learner of values has to find the exact values, which exact_values.h computes.
//
// Candidate i stands for action i mod 4; only the first item of a slate counts, the others are shown and ignored. In
// state s the reward is that of (s, action). From s <= 3 the user goes to s + action plus 1, 2 or 3 (mod 6), with
// probability 0.1, 0.1 and 0.8; from the states 4 and 5 every action leads to one state. Users never leave: an episode
// ends by its step limit. (RecSim numbers the documents from 1 and lets them cycle through the actions in that order.)
//
// Observation: float32 [6], one-hot of the state. Candidates are a fixed catalogue that only positions tell apart (D =
// 0). Response per position: "click" (1 for the first one) and "reward" (that of the step, at the first position).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/recsim/scenario.h"
#include "actor/recsim/slate.h"
#include "actor/scenarios/known_q/dynamics.h"
#include "actor/scenarios/known_q/options.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

// The scalar model (model.h). Immutable and thread-safe.
class KnownQModel {
 public:
  using Options = KnownQOptions;
  struct User {
    int32_t state = 0;
  };
  struct Response {
    double reward = 0;
  };
  using Items = Slate<NoDocument>;

  static absl::Status Validate(const Options& options) { return recbots::Validate(options); }
  // `options` have passed Validate.
  explicit KnownQModel(const Options& options);

  const EnvironmentSpec& spec() const { return spec_; }
  const Options& options() const { return options_; }

  User SampleUser(Rng& draws) const {
    const double u = draws.Uniform();
    int32_t state = 0;
    while (state + 1 < kKnownQStates && u >= cumulative_start_[static_cast<size_t>(state)]) ++state;
    return {state};
  }
  Response Respond(const User& user, const Items& slate, Rng& draws) const {
    static_cast<void>(draws);  // Rewards are certain.
    return {KnownQReward(user.state, KnownQAction(slate.position(0)))};
  }
  void Update(const Items& slate, const Response& response, Rng& draws, User& user) const {
    static_cast<void>(response);
    user.state = KnownQNextState(user.state, KnownQAction(slate.position(0)), draws.Uniform());
  }
  bool IsTerminal(const User& user) const {
    static_cast<void>(user);
    return false;
  }
  double Reward(const Response& response) const { return response.reward; }
  void WriteObservation(const User& user, float* features) const { features[user.state] = 1.0f; }
  void WriteResponse(const Items& slate, const Response& response, float* fields) const {
    static_cast<void>(slate);
    fields[0] = 1.0f;
    fields[1] = static_cast<float>(response.reward);
  }

  // "myopic" (the largest reward of this step, the first of equals) and "optimal" (the exact optimum of the episodes as
  // they are played, which depends on the number of steps left).
  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;
  std::optional<double> OptimalValue() const;
  std::optional<double> RandomValue() const;
  // The six states: float32 [6, 6].
  std::vector<float> AllObservations() const;
  // The value of the stationary policy that shows slates[s * K ..] in state s.
  //   INVALID_ARGUMENT  not [6, K], or a position is outside 0..N-1 (kNoItem may end a slate)
  absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates) const;

 private:
  const Options options_;
  EnvironmentSpec spec_;
  std::array<double, kKnownQStates> cumulative_start_;  // Exactly 1 from the last possible first state on.
};

}  // namespace recbots
