// What users have seen and done, as numbers in their observations: settings, and what keeps the numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/layers/episode_clock.h"
#include "common/agents/layers/fixed_length_history.h"
#include "common/agents/layers/user_statistics.h"
#include "common/base/settings.h"
#include "common/rl/spec.h"

namespace recbots {

// Names, ranges and defaults are those of v1::HistoryConfig.
struct HistoryOptions {
  static constexpr int kMaxFeatures = 1 << 16;  // Of a user, with history.

  RECBOTS_SETTINGS;
  // FixedLengthHistory of that many entries; 0: none.
  RECBOTS_SETTING(int, length, Between(0, FixedLengthHistoryOptions::kMaxLength), 0);
  RECBOTS_SETTING(bool, remember_user, AnyValue(), false);
  RECBOTS_SETTING(bool, remember_response, AnyValue(), true);
  RECBOTS_SETTING(bool, remember_candidates, AnyValue(), false);
  // SlateTraces of these decays; none: none.
  RECBOTS_SETTING(std::vector<double>, trace_decay, Between(0, 1), {});
  RECBOTS_SETTING(double, trace_scale, Between(0.001, 1e6), 100);
  // EpisodeClock of that length; 0: none.
  RECBOTS_SETTING(int, clock, Between(0, EpisodeClock::kMaxLength), 0);

  // Whether anything is asked for.
  bool any() const { return length != 0 || !trace_decay.empty() || clock != 0; }
};

struct History {
  // In the order in which an observation has them: FixedLengthHistory, SlateTraces, EpisodeClock.
  std::vector<std::unique_ptr<UserStatistics>> parts;
  // Whether candidates are written to observations, those that a step led to among them.
  bool shows_candidates = false;
};

// The history of users of an environment without one.
//   INVALID_ARGUMENT  an option out of bounds, a history that remembers nothing, or more than kMaxFeatures features of
//                     a user; begins with the name of the option, its value and the bound
absl::StatusOr<History> MakeHistory(const HistoryOptions& options, const EnvironmentSpec& spec);

// The environment with it: U + S user features.
EnvironmentSpec SpecWithHistory(const EnvironmentSpec& spec, const History& history);

}  // namespace recbots
