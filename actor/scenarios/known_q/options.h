// Settings of the environment with a known Q-function. Names, numbers and defaults are those of KnownQConfig
// (config.proto).
#pragma once

#include <vector>

#include "absl/status/status.h"

namespace recbots {

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

// INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const KnownQOptions& options);

}  // namespace recbots
