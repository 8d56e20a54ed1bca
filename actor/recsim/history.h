// What users have seen and done, as numbers in their observations: settings, and what keeps the numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/layers/user_statistics.h"
#include "common/rl/spec.h"

namespace recbots {

// Names and defaults are those of v1::HistoryConfig.
struct HistoryOptions {
  static constexpr int kMaxFeatures = 1 << 16;  // Of a user, with history.

  // FixedLengthHistory of that many entries; 0: none.
  int length = 0;
  bool remember_user = false;
  bool remember_response = true;
  bool remember_candidates = false;
  // SlateTraces of these decays; none: none.
  std::vector<double> trace_decay = {};
  double trace_scale = 100;
  // EpisodeClock of that length; 0: none.
  int clock = 0;

  // Whether anything is asked for.
  bool any() const { return length != 0 || !trace_decay.empty() || clock != 0; }

  template <typename F>
  void ForEachField(F&& f) {
    f("length", length);
    f("remember_user", remember_user);
    f("remember_response", remember_response);
    f("remember_candidates", remember_candidates);
    f("trace_decay", trace_decay);
    f("trace_scale", trace_scale);
    f("clock", clock);
  }
};

struct History {
  // In the order in which an observation has them: FixedLengthHistory, SlateTraces, EpisodeClock.
  std::vector<std::unique_ptr<UserStatistics>> parts;
  // Whether candidates are written to observations, those that a step led to among them.
  bool shows_candidates = false;
};

// The history of users of an environment without one.
//   INVALID_ARGUMENT  an option out of bounds, a history that remembers nothing, or more than kMaxFeatures user
//   features;
//                     begins with the name of the option, its value and the bound
absl::StatusOr<History> MakeHistory(const HistoryOptions& options, const EnvironmentSpec& spec);

// The environment with it: U + S user features.
EnvironmentSpec SpecWithHistory(const EnvironmentSpec& spec, const History& history);

}  // namespace recbots
