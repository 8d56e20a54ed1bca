// The environment with a known Q-function as pure functions: state 0..5, action 0..3. model.h says what it is.
#pragma once

#include <array>
#include <cstdint>

namespace recbots {

inline constexpr int kKnownQStates = 6;
inline constexpr int kKnownQActions = 4;
inline constexpr int kKnownQOutcomes = 3;  // Ways a step can go from the states 0..3.

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

}  // namespace recbots
