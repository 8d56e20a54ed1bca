// The environment with a known Q-function as pure functions: states 0..5, actions 0..3. model.h describes it.
#pragma once

#include <array>
#include <cstdint>

namespace recbots {

inline constexpr int kKnownQStates = 6;
inline constexpr int kKnownQActions = 4;
inline constexpr int kKnownQOutcomes = 3;  // The possible outcomes of a step from the states 0..3.

inline constexpr std::array<double, kKnownQOutcomes> kKnownQOutcomeProbability = {0.1, 0.1, 0.8};

constexpr int KnownQAction(int32_t position) { return position % kKnownQActions; }

// The state to which outcome 0..2 of a step leads. From the states 4 and 5 all outcomes lead to the same state.
constexpr int KnownQDestination(int state, int action, int outcome) {
  constexpr int kFromFour[kKnownQActions] = {5, 0, 1, 2};
  if (state == 4) return kFromFour[action];
  if (state == 5) return action;
  return (state + action + 1 + outcome) % kKnownQStates;
}

// The next state for a uniform u.
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

}  // namespace recbots
