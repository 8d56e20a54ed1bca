// The environment with a known Q-function: six states, four actions, rewards and transitions small enough to solve by
// hand (RecSim's test environment). What a learner of values must get exactly right: exact_values.h has the truth.
//
// Candidate i stands for action i mod 4; only the first item of a slate counts, the others are shown and ignored. In
// state s the reward is that of (s, action). From s <= 3 the user goes to s + action plus 1, 2 or 3 (mod 6), with
// probability 0.1, 0.1 and 0.8; states 4 and 5 lead to one state per action. Nobody ever leaves: an episode ends by its
// step limit. (RecSim numbers the documents from 1 and lets them cycle through the actions in that order.)
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
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

inline constexpr int kKnownQStates = 6;
inline constexpr int kKnownQActions = 4;
inline constexpr int kKnownQOutcomes = 3;  // Ways a step can go from the states 0..3.

struct KnownQOptions {
  static constexpr int kMaxCandidates = 4096;
  static constexpr int kMaxSteps = 1000000;

  int num_candidates = 4;                                       // N, 4..kMaxCandidates: every action can be taken.
  int slate_size = 1;                                           // K, 1..num_candidates
  std::vector<double> start_distribution = {1, 0, 0, 0, 0, 0};  // Of the first state; 6 numbers that sum to 1.
  int max_episode_steps = 100;                                  // 1..kMaxSteps; then truncated

  template <typename F>
  void ForEachField(F&& f) {
    f("num_candidates", num_candidates);
    f("slate_size", slate_size);
    f("start_distribution", start_distribution);
    f("max_episode_steps", max_episode_steps);
  }
};

// --- The environment as pure functions: state 0..5, action 0..3 ------------------------------------------------------

inline constexpr std::array<double, kKnownQOutcomes> kKnownQOutcomeProbability = {0.1, 0.1, 0.8};

constexpr int KnownQAction(int32_t position) { return position % kKnownQActions; }

// Where outcome 0..2 of a step leads. From the states 4 and 5 all outcomes lead to the same state.
constexpr int KnownQDestination(int state, int action, int outcome) {
  constexpr int kFromFour[kKnownQActions] = {5, 0, 1, 2};
  if (state == 4) return kFromFour[action];
  if (state == 5) return action;
  return (state + action + 1 + outcome) % kKnownQStates;
}

// For uniform u.
constexpr int KnownQNextState(int state, int action, double u) {
  const int outcome = u < kKnownQOutcomeProbability[0]                                  ? 0
                      : u < kKnownQOutcomeProbability[0] + kKnownQOutcomeProbability[1] ? 1
                                                                                        : 2;
  return KnownQDestination(state, action, outcome);
}

constexpr double KnownQReward(int state, int action) {
  constexpr double kReward[kKnownQActions][kKnownQStates] = {
      {-10, 0, 0, 4, 0, 5}, {-10, 0, 1, 0, 0, 0}, {-10, 1, 0, 2, 0, 2}, {-10, 0, 0, 0, 0, 5}};
  return kReward[action][state];
}

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

  // INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
  static absl::Status Validate(const Options& options);
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

  // "myopic" (the largest reward of this step, the first of equals) and "optimal" (exact for the episodes as they are
  // played: looks at how many steps are left).
  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;
  std::optional<double> OptimalValue() const;
  std::optional<double> RandomValue() const;
  // The six states: float32 [6, 6].
  std::vector<float> AllObservations() const;
  // Of the stationary policy that shows slates[s * K ..] in state s.
  //   INVALID_ARGUMENT  not [6, K], or a position outside 0..N-1 (kNoItem may end a slate)
  absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates) const;

 private:
  const Options options_;
  EnvironmentSpec spec_;
  std::array<double, kKnownQStates> cumulative_start_;  // The last state that can start is reached by every u < 1.
};

}  // namespace recbots
